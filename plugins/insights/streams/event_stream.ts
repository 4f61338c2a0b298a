import type { PluginContext, StreamHandle, StreamHandler, StreamOptions, WorkerContext } from "capstan";
import type { Settings } from "../settings.ts";

/** What streams take from the plugin's settings: nothing secret, for it goes to another thread. */
export type StreamSettings = Omit<Settings, "api" | "webhooks"> & {
  readonly api: Pick<Settings["api"], "remember_ids">;
};

/** What handlers have of the agent, whichever thread they run on. */
export type HandlerContext = Pick<WorkerContext, "now" | "counter">;

/** A stream whose handler runs in a Worker of the plugin's own; where the bus is Kafka, on the agent's thread. */
export interface EventStream<V = unknown> {
  readonly options: StreamOptions;
  readonly handler: StreamHandler<V>;
}

/** Which stream the Worker is to make, and of what. */
export interface StreamChoice {
  readonly group: string;
  readonly settings: StreamSettings;
}

/** Registers a stream; `hooks` are called on the agent's thread. */
export function registerStream<V>(
  ctx: Pick<PluginContext, "stream">,
  { group, settings }: { group: string; settings: Settings },
  { options, handler }: EventStream<V>,
  hooks: Pick<StreamOptions, "onAssigned" | "onRevoked"> = {},
): StreamHandle {
  const { webhooks: _, api: { remember_ids }, ...rest } = settings;
  const choice: StreamChoice = { group, settings: { ...rest, api: { remember_ids } } };
  const worker = {
    module: new URL("./streams_worker.ts", import.meta.url),
    options: choice,
    own: true,
  };
  return ctx.stream({ ...options, ...hooks, group, worker }, handler);
}
