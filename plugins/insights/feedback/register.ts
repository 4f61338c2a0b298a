import type { PluginContext } from "capstan";
import type { Settings } from "../settings.ts";
import { registerStream } from "../streams/event_stream.ts";
import { feedbackStream } from "./feedback_stream.ts";

/** Registers the stream that joins feedback to the turns it judges. */
export function registerFeedback(ctx: PluginContext, settings: Settings): void {
  registerStream(ctx, { group: "insights-feedback", settings }, feedbackStream(ctx, settings));
}
