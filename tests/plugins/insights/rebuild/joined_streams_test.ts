import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { StreamBench } from "../../../../lib/testing/stream_case.ts";
import { feedbackStream } from "../../../../plugins/insights/feedback/feedback_stream.ts";
import { INSIGHTS_MIGRATIONS } from "../../../../plugins/insights/migrations.ts";
import type { StreamSettings } from "../../../../plugins/insights/streams/event_stream.ts";
import { tables } from "./scenario.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const WAIT_DAYS = 2;

/** A turn that ended on a day, or a feedback on the turn of a number that was given on a day. */
interface Event {
  kind: "turn" | "feedback";
  id: number;
  day: number;
  on: number;
}

/** The stream that joins feedback to turns, on topics of its own, with all the streams it needs. */
async function joining(
  work: (rig: {
    bench: StreamBench;
    topics: readonly [feedback: string, traces: string];
    start(maxRecords: number): ReturnType<StreamBench["start"]>;
    send(events: readonly Event[]): Promise<void>;
    tables(): unknown;
    signals(): Promise<number>;
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-rebuild-" });
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await using driver = await openLocalLog(store, { heartbeatMs: 10 });
    await using bench = new StreamBench({ driver, store }, 60_000);
    await bench.prepare();
    await store.migrate("insights", INSIGHTS_MIGRATIONS);
    const topics = ["ai-feedback-events", "agent-trace-events"] as const;
    for (const name of [...topics, "ai-learning-signals"]) await bench.topic({ name });
    const context = { now: () => START + 400 * DAY, counter: () => ({ inc: () => {} }) };
    const settings = { topic_prefix: "", feedback_wait: WAIT_DAYS * DAY, source: "capstan" };
    const { options, handler } = feedbackStream(context, settings as StreamSettings);
    await work({
      bench,
      topics,
      start(maxRecords) {
        return bench.start({ ...options, group: "insights-feedback", maxRecords }, handler);
      },
      async send(events) {
        await driver.send(events.map((event) => ({
          topic: event.kind === "turn" ? topics[1] : topics[0],
          partition: 0,
          value: new TextEncoder().encode(JSON.stringify(envelope(event))),
          timestamp: START + event.day * DAY,
        })));
      },
      tables: () => store.read(tables),
      signals: async () => {
        const [found] = await driver.topics.describe(["ai-learning-signals"]);
        return found?.partitions[0]?.endOffset ?? 0;
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function envelope({ kind, id, day, on }: Event) {
  const timestamp = new Date(START + day * DAY).toISOString();
  const data = kind === "turn"
    ? {
      turn_id: `t${id}`,
      ended_at: timestamp,
      answer_hashes: [`h${id}`],
      root_hash: `r${id % 2}`,
      tools_used: [],
    }
    : { target: on % 3 === 0 ? { root_hash: `r${on % 2}` } : { node_hash: `h${on}` }, rating: 1 };
  const event_type = kind === "turn" ? "trace.turn" : "feedback.submitted";
  return { event_id: `evt-${kind}-${id}`, event_type, tenant_id: "acme", timestamp, source: "test", data };
}

/** Events in the order of their times, over some times the wait, each with a day of its own. */
const history = fc.array(
  fc.record({ kind: fc.constantFrom("turn" as const, "feedback" as const), on: fc.nat(12), gap: fc.nat(8) }),
  { minLength: 1, maxLength: 24 },
).map((steps) => {
  let day = 0;
  return steps.map(({ kind, on, gap }, id): Event => ({ kind, id, on, day: day += 0.01 + gap / 10 }));
});

/** A turn grows too old between two pieces of feedback that come in one batch when it is made anew. */
const AT_THE_EDGE: Event[] = [
  { kind: "turn", id: 2, on: 0, day: 0.03 },
  { kind: "feedback", id: 5, on: 0, day: 2.02 },
  { kind: "feedback", id: 6, on: 0, day: 2.04 },
];

Deno.test("property: joins made anew at any moment, in any batches, are as they were, and no signal comes twice", async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.nat(24), fc.integer({ min: 1, max: 6 }), async (events, at, maxRecords) => {
      await joining(async ({ bench, start, send, tables, signals }) => {
        const stream = start(maxRecords);
        const rebuilt = async () => {
          const [before, sent] = [tables(), await signals()];
          await stream.rebuild();
          assert.deepEqual(tables(), before);
          assert.equal(await signals(), sent);
        };
        // One by one: which side of a join comes first is then the same each time.
        for (const [done, event] of events.entries()) {
          await send([event]);
          await bench.done(stream);
          if (done === at) await rebuilt();
        }
        await rebuilt();
      });
    }),
    { numRuns: 12, examples: [[AT_THE_EDGE, 0, 2]] },
  );
});

Deno.test("what retention has taken is gone from the joins: feedback on it waits, and the rest goes on", () =>
  joining(async ({ bench, topics, start, send, tables, signals }) => {
    const stream = start(10);
    await send([
      { kind: "turn", id: 1, day: 0, on: 0 },
      { kind: "turn", id: 2, day: 0.5, on: 0 },
    ]);
    await bench.done(stream);
    await send([{ kind: "feedback", id: 3, day: 0.6, on: 1 }, { kind: "feedback", id: 4, day: 0.7, on: 2 }]);
    await bench.done(stream);
    assert.equal(await signals(), 2);
    await bench.driver.topics.deleteRecords({ topic: topics[1], partition: 0, offset: 1 });
    await stream.rebuild();
    const after = tables() as Record<string, { event_id?: string; turn_id: string | null }[]>;
    assert.deepEqual(after.insights_turns?.map(({ turn_id }) => turn_id), ["t2"]);
    assert.deepEqual(after.insights_feedback?.map(({ event_id, turn_id }) => [event_id, turn_id]), [
      ["evt-feedback-3", null],
      ["evt-feedback-4", "t2"],
    ]);
    await send([{ kind: "feedback", id: 5, day: 0.8, on: 1 }, { kind: "feedback", id: 6, day: 0.9, on: 2 }]);
    await bench.done(stream);
    assert.equal(await signals(), 3, "on the turn that is there");
  }));
