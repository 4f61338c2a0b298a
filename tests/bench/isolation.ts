/**
 * Records a second through an isolated plugin's handler, beside the same handler in the agent's own thread: decoding,
 * handler, encoding of outputs; no bus behind it. `deno task bench isolation [--seconds N] [--batch N]`
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { systemClock } from "../../lib/bus/clock.ts";
import type { RecordBatch } from "../../lib/bus/contract.ts";
import { StreamWork } from "../../lib/bus/stream/work.ts";
import { topicCodecs } from "../../lib/bus/topic_codecs.ts";
import { createContext } from "../../lib/plugin/context.ts";
import type { Plugin } from "../../lib/plugin/contract.ts";
import { loadIsolatedPlugin } from "../../lib/plugin/isolation/load_isolated_plugin.ts";
import { Registry } from "../../lib/plugin/registry.ts";
import { createLogger } from "../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../lib/telemetry/meter.ts";
import inProcess from "./isolation_plugin/mod.ts";
import { median, short, table } from "./table.ts";

const { values: flags } = parseArgs({
  options: { seconds: { type: "string", default: "1" }, batch: { type: "string", default: "500" } },
});
const windowMs = Number(flags.seconds) * 1_000;
const perBatch = Number(flags.batch);
const ROUNDS = 5;
const never = new AbortController().signal;
const encoder = new TextEncoder();

/** Handlers of a plugin, as streams call them, and its end. */
async function open(plugin: Plugin) {
  const registry = new Registry();
  const context = createContext({
    plugin: plugin.name,
    registry,
    parts: {},
    isSealed: () => false,
    log: createLogger(),
    meter: createMeter().scope("measured_"),
    clock: systemClock,
    defaultGroup: plugin.name,
  });
  const hooks = plugin.setup(context, {}) || {};
  await hooks.start?.(never);
  const codecs = await topicCodecs(registry.topics.values());
  const works = new Map(registry.streams.flatMap(({ group, handler }) =>
    handler === undefined ? [] : [
      [
        group,
        new StreamWork({
          group,
          handler,
          codecs,
          attempts: 1,
          realName: (topic) => topic,
          logicalName: (topic) => topic,
          isRetryable: () => false,
          clock: systemClock,
          random: Math.random,
          events: { handled() {}, retrying() {}, deadLettered() {}, commitFailing() {} },
        }),
      ] as const,
    ]
  ));
  return { works, close: () => hooks.stop?.() };
}

function batchOf(bytes: number, partition: number): RecordBatch {
  const text = "x".repeat(bytes - 40);
  const records = Array.from({ length: perBatch }, (_, offset) => ({
    topic: "in.v1",
    partition,
    offset,
    key: encoder.encode(`key-${offset}`),
    value: encoder.encode(JSON.stringify({ text, number: offset, kind: "measured" })),
    headers: [["id", encoder.encode(`${offset}`)]] as const,
    timestamp: 1_700_000_000_000 + offset,
  }));
  return { topic: "in.v1", partition, records };
}

function thousands(value: number): string {
  return (Math.round(value / 1_000) * 1_000).toLocaleString("en");
}

/** Records a second, `lanes` partitions side by side, each with one batch in flight. */
async function rate(work: StreamWork, bytes: number, lanes: number): Promise<number> {
  let records = 0;
  const sink = { commit: () => Promise.resolve() };
  const signals = { drop: never, hurry: never, quit: never };
  const started = performance.now();
  await Promise.all(Array.from({ length: lanes }, async (_, partition) => {
    const batch = batchOf(bytes, partition);
    while (performance.now() - started < windowMs) {
      await work.run(sink, batch, signals);
      records += perBatch;
      // As a stream that waits for its bus: other lanes and messages get their turn.
      await new Promise(setImmediate);
    }
  }));
  return records / ((performance.now() - started) / 1_000);
}

const isolated = await open(
  await loadIsolatedPlugin({
    name: "measured",
    path: fileURLToPath(new URL("./isolation_plugin", import.meta.url)),
    handlerTimeoutMs: 60_000,
    permissions: {},
  }),
);
const direct = await open(inProcess);
const rows: string[][] = [];
for (const [group, work] of direct.works) {
  const worker = isolated.works.get(group)!;
  for (const bytes of [100, 500]) {
    for (const lanes of [1, 4]) {
      const rates: { here: number; there: number }[] = [];
      await rate(work, bytes, lanes);
      await rate(worker, bytes, lanes);
      // In turns, so that both see the same machine.
      for (let round = 0; round < ROUNDS; round++) {
        rates.push({ here: await rate(work, bytes, lanes), there: await rate(worker, bytes, lanes) });
      }
      const here = median(rates.map((each) => each.here));
      const there = median(rates.map((each) => each.there));
      rows.push([
        group,
        `${bytes}`,
        `${lanes}`,
        thousands(here),
        thousands(there),
        short(there / here),
      ]);
    }
  }
}
await isolated.close();
await direct.close();
const head = ["handler", "bytes", "partitions", "in process, records/s", "isolated, records/s", "ratio"];
console.log(table(head, rows));
