import type { PluginContext, PluginStore, StreamHandle } from "capstan";
import { CALLS_TOPIC } from "../call.ts";
import { TAPES_MIGRATIONS } from "../ledger/migrations.ts";
import { NODES_TOPIC } from "./node_event.ts";
import { parseOptions } from "./parse_options.ts";
import { TURNS_TOPIC } from "./turn_event.ts";

/** What the deriver takes from the plugin's settings. */
export interface DeriverSettings {
  /** Milliseconds for which calls are kept after they were derived: `keep_calls`. */
  readonly keep_calls: number;
  /** Bytes of the largest call that is recorded with its content: `capture_limit`. */
  readonly capture_limit: number;
}

/** Consumer group of the deriver. */
export const DERIVER_GROUP = "tapes-deriver";

/**
 * Registers the tapes tables and declares the three topics. Call it once in `setup`, before anything else of this
 * plugin registers; the store it gives goes to `registerApi`.
 */
export function registerLedger(
  ctx: PluginContext,
  { keep_calls }: Pick<DeriverSettings, "keep_calls">,
): PluginStore {
  ctx.topic({ name: CALLS_TOPIC, partitions: 1, localOnly: true, retentionMs: keep_calls }, {
    codec: "bytes",
  });
  ctx.topic({ name: NODES_TOPIC, partitions: 6 });
  ctx.topic({ name: TURNS_TOPIC, partitions: 6 });
  return ctx.store(TAPES_MIGRATIONS);
}

/** Registers the stream that derives turns, nodes and events from recorded calls, in a Worker. */
export function registerDeriver(
  ctx: PluginContext,
  settings: Pick<DeriverSettings, "capture_limit">,
): StreamHandle {
  return ctx.stream({
    topics: [CALLS_TOPIC],
    group: DERIVER_GROUP,
    source: "local",
    // The proxy's appends wait while a batch is written: some 8 ms at this size. Larger ones are hardly faster.
    maxRecords: 32,
    lingerMs: 20,
    maxBytes: 4 * 1024 * 1024,
    worker: { module: new URL("./worker.ts", import.meta.url), options: parseOptions(settings) },
  });
}
