import assert from "node:assert/strict";
import { join as pathOf } from "node:path";
import fc from "fast-check";
import { openStore } from "../../../../lib/store/open_store.ts";
import { signalCreated } from "../../../../plugins/insights/events/signals.ts";
import { join, type SignalEvent } from "../../../../plugins/insights/feedback/join.ts";
import {
  type FeedbackEvent,
  resetFeedback,
  resetTurns,
  type TurnSpanEvent,
} from "../../../../plugins/insights/feedback/joined_rows.ts";
import { INSIGHTS_MIGRATIONS } from "../../../../plugins/insights/migrations.ts";

type JoinedEvent = FeedbackEvent | TurnSpanEvent;

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const at = (minute: number) => new Date(START + minute * 60_000).toISOString();
const hash = (name: string) => name.repeat(64).slice(0, 64);

function feedback(id: string, minute: number, given: Partial<FeedbackEvent["data"]> = {}): FeedbackEvent {
  return {
    event_id: `evt-${id}`,
    event_type: "feedback.submitted",
    tenant_id: "acme",
    timestamp: at(minute),
    source: "app",
    data: { target: { response_id: "r1" }, rating: 1, ...given },
  };
}

function turn(id: string, minute: number, given: Partial<TurnSpanEvent["data"]> = {}): TurnSpanEvent {
  return {
    event_id: `evt-turn-${id}`,
    event_type: "trace.turn",
    tenant_id: "acme",
    timestamp: at(minute),
    source: "capstan",
    data: {
      turn_id: id,
      revision: 1,
      conversation: "c",
      model: "gpt-4o",
      agent: "coder",
      trace_id: "1".repeat(32),
      span_id: "2".repeat(16),
      name: "chat gpt-4o",
      kind: "client",
      started_at: at(minute),
      ended_at: at(minute),
      status: "ok",
      attributes: {},
      root_hash: hash("0"),
      response_id: `r-${id}`,
      answer_hashes: [hash("a")],
      tools_used: ["search"],
      ...given,
    },
  };
}

/** A table of its own that batches are joined in. */
async function joining(
  work: (add: (...events: JoinedEvent[]) => Promise<SignalEvent[]>, rows: {
    count(table: string): number;
    reset(): Promise<void>;
    state(): unknown[];
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-join-" });
  try {
    await using store = await openStore({ file: pathOf(folder, "s.sqlite") });
    await store.migrate("insights", INSIGHTS_MIGRATIONS);
    await work(
      async (...events) => {
        const signals = await store.write((tx) =>
          join(tx, events, { part: 3, waitMs: DAY, source: "capstan", nowMs: START + 100 * DAY })
        );
        for (const each of signals) assert.ok(signalCreated.safeParse(each).success, JSON.stringify(each));
        return signals;
      },
      {
        count: (table) =>
          store.read((db) => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? -1),
        reset: () =>
          store.write((tx) => {
            resetTurns(tx, 3);
            resetFeedback(tx, 3);
          }),
        state: () =>
          store.read((db) =>
            db.all("SELECT tenant, event_id, turn_id, revision FROM insights_feedback ORDER BY 1, 2")
          ),
      },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a feedback is joined to its turn, whichever comes first", async () => {
  for (const turnFirst of [true, false]) {
    await joining(async (add) => {
      const events = [
        turn("t1", 0, { response_id: "r1", prompt_hash: hash("p") }),
        feedback("f1", 5, { correction: "Paris", comment: "no", tags: ["geo"], user: "u" }),
      ];
      const [first, second] = turnFirst ? events : events.reverse();
      assert.deepEqual(first && await add(first), []);
      const [signal, ...others] = second ? await add(second) : [];
      assert.equal(others.length, 0);
      assert.deepEqual(JSON.parse(JSON.stringify(signal?.data)), {
        feedback_id: "evt-f1",
        label: "negative",
        rating: 1,
        weight: 1,
        turn_id: "t1",
        revision: 1,
        conversation: "c",
        prompt_hash: hash("p"),
        answer_hash: hash("a"),
        root_hash: hash("0"),
        response_id: "r1",
        model: "gpt-4o",
        agent: "coder",
        tools_used: ["search"],
        correction: "Paris",
        comment: "no",
        tags: ["geo"],
        user: "u",
      });
      assert.deepEqual([signal?.tenant_id, signal?.timestamp], ["acme", at(5)]);
    });
  }
});

for (
  const [rating, label, weight] of [[0.5, "positive", 0.5], [-0.25, "negative", 0.25], [
    0,
    "neutral",
    0,
  ]] as const
) {
  Deno.test(`a rating of ${rating} is ${label} and weighs ${weight}`, () =>
    joining(async (add) => {
      const [signal] = await add(turn("t1", 0, { response_id: "r1" }), feedback("f", 1, { rating }));
      assert.deepEqual([signal?.data.label, signal?.data.weight], [label, weight]);
    }));
}

Deno.test("a feedback on one of several answers names that answer", () =>
  joining(async (add) => {
    const several = turn("t1", 0, { answer_hashes: [hash("a"), hash("b")] });
    const [signal] = await add(several, feedback("f", 1, { target: { node_hash: hash("b") } }));
    assert.equal(signal?.data.answer_hash, hash("b"));
  }));

Deno.test("a feedback on a root judges the newest turn at its time, and goes over to a better one that comes late", () =>
  joining(async (add) => {
    const onRoot = feedback("f", 10, { target: { root_hash: hash("0") } });
    const judged = async (...events: JoinedEvent[]) => (await add(...events)).map(({ data }) => data.turn_id);
    assert.deepEqual(await judged(turn("t20", 20), onRoot), ["t20"]);
    assert.deepEqual(await judged(turn("t30", 30)), []);
    assert.deepEqual(await judged(turn("t5", 5)), ["t5"]);
    assert.deepEqual(await judged(turn("t2", 2)), []);
    assert.deepEqual(await judged(turn("t9", 9)), ["t9"]);
  }));

Deno.test("a turn derived again makes the signal anew, under its revision; the old one is not taken back in", () =>
  joining(async (add) => {
    await add(turn("t1", 0, { response_id: "r1" }), feedback("f", 1));
    const again = turn("t1", 0, { response_id: "r1", revision: 2, model: "gpt-4o-mini" });
    const [signal] = await add(again);
    assert.deepEqual([signal?.data.revision, signal?.data.model], [2, "gpt-4o-mini"]);
    assert.deepEqual(await add(turn("t1", 0, { response_id: "r1" })), []);
  }));

Deno.test("tenants are never joined, though they name the same answer", () =>
  joining(async (add) => {
    const others = { ...feedback("f", 1), tenant_id: "other" };
    assert.deepEqual(await add(turn("t1", 0, { response_id: "r1" }), others), []);
  }));

Deno.test("what came twice is joined once", () =>
  joining(async (add) => {
    const events = [turn("t1", 0, { response_id: "r1" }), feedback("f", 1)];
    assert.equal((await add(...events)).length, 1);
    assert.equal((await add(...events)).length, 0);
  }));

Deno.test("turns and feedback older than the wait are forgotten with all their rows", () =>
  joining(async (add, rows) => {
    await add(turn("t1", 0, { response_id: "r1" }), feedback("f1", 1), feedback("f2", 1_438, { rating: -1 }));
    const signals = await add(turn("t2", 1_442, { response_id: "r2" }));
    assert.deepEqual(signals, []);
    assert.deepEqual(
      ["insights_turns", "insights_turn_names", "insights_feedback"].map(rows.count),
      [1, 3, 1],
    );
  }));

Deno.test("what comes when its time is over is forgotten at once, whatever batch it comes in", () =>
  joining(async (add, rows) => {
    await add(feedback("f1", 3_000));
    await add(turn("t1", 0, { response_id: "r1" }));
    assert.deepEqual(["insights_turns", "insights_feedback"].map(rows.count), [0, 1]);
  }));

Deno.test("a feedback with a clock far ahead makes nobody old", () =>
  joining(async (add) => {
    await add(turn("t1", 0, { response_id: "r1" }), feedback("f1", 365 * 1_440));
    const [signal] = await add(feedback("f2", 1));
    assert.equal(signal?.data.turn_id, "t1");
  }));

const someTurn = fc.record({
  id: fc.integer({ min: 0, max: 5 }),
  minute: fc.integer({ min: 0, max: 20 }),
  tenant: fc.constantFrom("a", "b"),
  root: fc.constantFrom("0", "1"),
}).map(({ id, minute, tenant, root }) => ({
  ...turn(`t${id}`, minute, { root_hash: hash(root), answer_hashes: [hash(String(id))] }),
  tenant_id: tenant,
}));
const someFeedback = fc.record({
  id: fc.integer({ min: 0, max: 9 }),
  minute: fc.integer({ min: 0, max: 20 }),
  tenant: fc.constantFrom("a", "b"),
  target: fc.oneof(
    fc.constantFrom("0", "1").map((root) => ({ root_hash: hash(root) })),
    fc.integer({ min: 0, max: 5 }).map((id) => ({ node_hash: hash(String(id)) })),
    fc.integer({ min: 0, max: 5 }).map((id) => ({ response_id: `r-t${id}` })),
  ),
}).map(({ id, minute, tenant, target }) => ({
  ...feedback(`f${id}`, minute, { target }),
  tenant_id: tenant,
}));

/** Events in two orders, each cut into batches. */
const twoOrders = fc.record({
  turns: fc.uniqueArray(someTurn, {
    maxLength: 6,
    selector: ({ tenant_id, data }) => `${tenant_id} ${data.turn_id}`,
  }),
  feedback: fc.uniqueArray(someFeedback, {
    maxLength: 8,
    selector: ({ tenant_id, event_id }) => `${tenant_id} ${event_id}`,
  }),
}).chain(({ turns, feedback }) => {
  const all: JoinedEvent[] = [...turns, ...feedback];
  const order = fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
  const size = fc.integer({ min: 1, max: 5 });
  return fc.tuple(fc.tuple(order, size), fc.tuple(order, size));
});

Deno.test("any order of arrival, in any batches, gives the same joins, and the last signal of each feedback says them", () =>
  joining(async (add, rows) => {
    await fc.assert(
      fc.asyncProperty(twoOrders, async (orders) => {
        const ends = [];
        for (const [events, size] of orders) {
          await rows.reset();
          const last = new Map<string, string>();
          for (let from = 0; from < events.length; from += size) {
            for (const { tenant_id, data } of await add(...events.slice(from, from + size))) {
              last.set(`${tenant_id} ${data.feedback_id}`, data.turn_id);
            }
          }
          ends.push({ rows: rows.state(), signals: [...last].sort() });
        }
        assert.deepEqual(ends[0], ends[1]);
        const joined = ends[0]?.rows.filter((row) => (row as { turn_id: unknown }).turn_id !== null);
        assert.equal(joined?.length, ends[0]?.signals.length);
      }),
      { numRuns: 60 },
    );
  }));
