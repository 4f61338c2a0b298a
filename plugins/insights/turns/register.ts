import type { PluginContext } from "capstan";
import type { Settings } from "../settings.ts";
import { registerStream } from "../streams/event_stream.ts";
import { toolCallsStream, turnsStream } from "./turn_streams.ts";

/** Registers the streams that make events of recorded turns. */
export function registerTurns(ctx: PluginContext, settings: Settings): void {
  registerStream(ctx, { group: "insights-turns", settings }, turnsStream(ctx, settings));
  registerStream(ctx, { group: "insights-tool-calls", settings }, toolCallsStream(ctx, settings));
}
