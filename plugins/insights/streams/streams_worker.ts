import type { HandlerFactory, StateFactory } from "capstan";
import { actionsStream } from "../turns/admin_action.ts";
import { feedbackStream } from "../feedback/feedback_stream.ts";
import { intakeStream } from "../intake/intake_stream.ts";
import { rulesStream } from "../rules/rule_streams.ts";
import { toolCallsStream, turnsStream } from "../turns/turn_streams.ts";
import type { EventStream, HandlerContext, StreamChoice, StreamSettings } from "./event_stream.ts";

/** Every stream that may run in the Worker, by its group. */
const STREAMS: Readonly<Record<string, (ctx: HandlerContext, settings: StreamSettings) => EventStream>> = {
  "insights-turns": turnsStream,
  "insights-tool-calls": toolCallsStream,
  "insights-actions": actionsStream,
  "insights-intake": intakeStream,
  "insights-feedback": feedbackStream,
  "insights-rules-signals": (ctx, settings) => rulesStream(ctx, settings, "ai-learning-signals"),
  "insights-rules-metrics": (ctx, settings) => rulesStream(ctx, settings, "agent-metrics-events"),
  "insights-rules-traces": (ctx, settings) => rulesStream(ctx, settings, "agent-trace-events"),
};

/** The handler of the stream that is asked for. */
const factory: HandlerFactory = (ctx, options) => make(ctx, options).handler;
export default factory;

/** How its state is emptied, where it keeps one. */
export const state: StateFactory = (options) => {
  const nothing = { inc: () => {} };
  const { options: { state: its } } = make({ now: Date.now, counter: () => nothing }, options);
  if (its) return its;
  throw new Error("Cannot empty the state of this stream: it keeps none; leave state out");
};

function make(ctx: HandlerContext, options: unknown): EventStream {
  const { group, settings } = options as StreamChoice;
  const stream = STREAMS[group];
  if (stream) return stream(ctx, settings);
  throw new Error(
    `Cannot run the stream of group ${group}: there is none; name one of ${Object.keys(STREAMS)}`,
  );
}
