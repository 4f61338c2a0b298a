import assert from "node:assert/strict";
import type { Clock } from "../../../lib/bus/clock.ts";
import type { GroupAdmin, GroupLag } from "../../../lib/bus/contract.ts";
import type { LagSource } from "../../../lib/bus/lag_look.ts";
import { lagMetrics } from "../../../lib/bus/lag_metrics.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";
import { Exposition } from "../plugin/exposition.ts";

const LAG = "ai_kafka_consumer_lag";
const STREAMS = "capstan_stream_lag_records";

function lagOf(group: string, topic: string, lag: number): GroupLag {
  return { group, topic, partition: 0, committed: 0, endOffset: lag, lag };
}

/** A bus whose groups are as `lags` says, and a clock whose waits end when the test says so. */
function rig(source: Partial<LagSource> = {}) {
  const waits: (() => void)[] = [];
  const state = {
    lags: (_groups: Parameters<GroupAdmin["lags"]>[0]): Promise<GroupLag[]> => Promise.resolve([]),
    list: (): Promise<string[]> => Promise.resolve([]),
    asked: 0,
    now: 0,
    /** Ends the waits under way. */
    late: () => waits.forEach((end) => end()),
  };
  const clock: Clock = {
    now: () => state.now,
    sleep: (_, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal?.addEventListener("abort", () => resolve(), { once: true });
      waits.push(resolve);
      return promise;
    },
  };
  const meter = createMeter();
  lagMetrics({
    sources: [{
      groups: {
        list: () => state.list(),
        describe: () => Promise.reject(new Error("not asked of this one")),
        lags: (groups) => (state.asked++, state.lags(groups)),
      },
      own: [{ group: "mine", topics: ["t"], stream: "p/mine" }],
      freshMs: 3_000,
      ...source,
    }],
    meter,
    clock,
    log: createLogger({ sink: () => {} }),
  });
  return { state, read: async () => new Exposition(await meter.text()) };
}

Deno.test("lagMetrics() shows the agent's groups on the topics they read, and of others what counts", async () => {
  const { state, read } = rig({ others: ({ topic }) => topic === "t" });
  state.list = () => Promise.resolve(["mine", "theirs"]);
  state.lags = (groups) => {
    assert.deepEqual(groups.map(({ group }) => group), ["mine", "theirs"]);
    return Promise.resolve([
      lagOf("mine", "t", 2),
      lagOf("mine", "left", 9),
      lagOf("theirs", "t", 3),
      lagOf("theirs", "other", 4),
    ]);
  };
  const found = await read();
  assert.deepEqual(found.all(LAG), {
    "group=mine partition=0 topic=t": 2,
    "group=theirs partition=0 topic=t": 3,
  });
  assert.deepEqual(found.all(STREAMS), { "stream=p/mine": 2 });
});

Deno.test("lagMetrics() asks the bus once for all who read within its time, and forgets groups that are gone", async () => {
  const { state, read } = rig({ others: () => true });
  state.lags = () => Promise.resolve([lagOf("mine", "t", 2), lagOf("gone", "t", 1)]);
  await Promise.all([read(), read()]);
  await read();
  assert.equal(state.asked, 1);
  state.now = 3_000;
  state.lags = () => Promise.resolve([lagOf("mine", "t", 1)]);
  assert.deepEqual((await read()).all(LAG), { "group=mine partition=0 topic=t": 1 });
  assert.equal(state.asked, 2);
});

Deno.test("lagMetrics() waits for a slow bus no longer than its time, and shows its answer afterwards", async () => {
  const { state, read } = rig();
  const slow = Promise.withResolvers<GroupLag[]>();
  state.lags = () => slow.promise;
  const first = read();
  state.late();
  const before = await first;
  assert.deepEqual(before.all(LAG), {});
  assert.deepEqual(before.all(STREAMS), { "stream=p/mine": -1 });
  slow.resolve([lagOf("mine", "t", 5)]);
  assert.deepEqual((await read()).all(LAG), { "group=mine partition=0 topic=t": 5 });
  assert.equal(state.asked, 1);
});

Deno.test("lagMetrics() shows the last answer of a bus that went away for a minute, then none", async () => {
  const { state, read } = rig();
  state.lags = () => Promise.resolve([lagOf("mine", "t", 5)]);
  await read();
  state.lags = () => Promise.reject(new Error("no broker answers"));
  state.now = 59_999;
  assert.deepEqual((await read()).all(LAG), { "group=mine partition=0 topic=t": 5 });
  state.now = 60_000;
  const gone = await read();
  assert.deepEqual(gone.all(LAG), {});
  assert.deepEqual(gone.all(STREAMS), { "stream=p/mine": -1 });
});

Deno.test("lagMetrics() shows the agent's own groups where it may not list others", async () => {
  const { state, read } = rig({ others: () => true });
  state.list = () => Promise.reject(new Error("not allowed"));
  state.lags = () => Promise.resolve([lagOf("mine", "t", 5)]);
  assert.deepEqual((await read()).all(LAG), { "group=mine partition=0 topic=t": 5 });
});
