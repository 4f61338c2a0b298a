import type { WorkerHostOptions } from "../bus/worker/host.ts";
import type { WorkerStreamSpec } from "../bus/worker/protocol.ts";
import { valuesForWorker } from "../bus/worker/values.ts";
import type { AgentStreamsOptions } from "./agent_streams.ts";
import type { RegisteredStream } from "./registry.ts";
import { streamSpec } from "./stream_plan.ts";

/** Milliseconds between two rounds of retention and checkpoint. */
const MAINTENANCE_MS = 1_000;

/** What of the agent's streams the Worker takes. */
export type WorkerStartOptions = Pick<
  AgentStreamsOptions,
  "registered" | "values" | "bus" | "specs" | "storeFile" | "powerSafe" | "turns" | "redaction" | "oneThread"
>;

/** The Worker that all plugins share; plugins' own have their names. */
export const SHARED_ROOM = "";

/** Which Worker a stream runs in; `undefined`: none. */
export function roomOf(
  { plugin, handler, options }: RegisteredStream,
  { bus, oneThread }: Pick<WorkerStartOptions, "bus" | "oneThread">,
): string | undefined {
  const { worker, source } = options;
  if (!worker) return undefined;
  if (handler && (oneThread || bus.source(source ?? "bus").name !== "local")) return undefined;
  return worker.own ? plugin : SHARED_ROOM;
}

/** What a Worker is started with: the same for the same plugins, whichever of them came last. */
export function workerStart(options: WorkerStartOptions, room: string): WorkerHostOptions["start"] {
  const { bus, storeFile, powerSafe, turns, values, redaction } = options;
  return {
    storeFile,
    ...(redaction && {
      redaction: {
        module: new URL("../redact/in_worker.ts", import.meta.url).href,
        data: redaction.data(),
      },
    }),
    powerSafe,
    owner: bus.log.owner,
    turns,
    streams: streamsOf(options, room).sort((a, b) => a.spec.name < b.spec.name ? -1 : 1),
    isBus: bus.source("bus").name === "local",
    renamed: bus.names.renamed,
    values: valuesForWorker(values).sort(byTopic),
    // The shared one sees to the file for all.
    ...(room === SHARED_ROOM
      ? { holds: holdsOf(options).sort(byTopic), maintenanceMs: MAINTENANCE_MS }
      : { holds: [] }),
  };
}

function streamsOf(options: WorkerStartOptions, room: string): WorkerStreamSpec[] {
  const { registered, bus } = options;
  return registered.flatMap((each): WorkerStreamSpec[] => {
    const { worker, state, onAssigned, onRevoked } = each.options;
    if (!worker || roomOf(each, options) !== room) return [];
    return [{
      spec: streamSpec(each, { names: bus.names, inWorker: true }),
      module: worker.module.href,
      options: worker.options,
      ...(state && { state: true }),
      ...((onAssigned ?? onRevoked) && { hooks: true }),
      plugin: each.plugin,
      metricScope: `capstan_${each.plugin}_`,
    }];
  });
}

/** Which groups must have passed a record before retention takes it: those of the local streams, and the relay. */
function holdsOf({ bus, specs, registered }: WorkerStartOptions): [string, string[]][] {
  const local = registered.filter(({ options }) => bus.source(options.source ?? "bus").name === "local");
  return specs.map(({ name }) => {
    const readers = local.filter(({ options }) =>
      options.topics.some((topic) => bus.names.real(topic) === name)
    );
    const groups = readers.map(({ group }) => group);
    return [name, bus.relay?.relays(name) ? [...groups, bus.relay.group] : groups];
  });
}

function byTopic([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
