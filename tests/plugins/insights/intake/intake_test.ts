import assert from "node:assert/strict";
import { join } from "node:path";
import type { Position } from "capstan";
import { openStore } from "../../../../lib/store/open_store.ts";
import { Intake } from "../../../../plugins/insights/intake/intake.ts";
import { forgetSeen, isNew, type SeenEvent } from "../../../../plugins/insights/intake/seen_events.ts";
import { INSIGHTS_MIGRATIONS } from "../../../../plugins/insights/migrations.ts";

const EVENT = {
  event_id: "evt-1",
  event_type: "metrics.turn",
  tenant_id: "acme",
  timestamp: "2026-01-02T03:04:05Z",
  source: "capstan",
  data: { turn_id: "t", failed: false },
};
const accepted = { topic: "agent-metrics-events", events: [EVENT] } as const;
const POSITION: Position = { topic: "insights.intake.v1", partition: 0, offset: 0 };

Deno.test("what would wait for the disk above the limit is refused with 429, and taken once there is room", async () => {
  const disk = Promise.withResolvers<Position>();
  const intake = new Intake({ producer: { send: () => disk.promise }, maxWaiting: 300 });
  const first = intake.accept(accepted);
  assert.ok(intake.waiting > 150);
  await assert.rejects(() => intake.accept(accepted), { name: "Refusal", status: 429 });
  disk.resolve(POSITION);
  await first;
  assert.equal(intake.waiting, 0);
  await intake.accept(accepted);
});

Deno.test("a request larger than the limit is taken while nothing else waits", async () => {
  const intake = new Intake({ producer: { send: () => Promise.resolve(POSITION) }, maxWaiting: 1 });
  await intake.accept(accepted);
});

Deno.test("a store that refuses gives 503 with its reason, and leaves nothing waiting", async () => {
  const full = Object.assign(new Error("the disk is full"), { name: "StoreError", failure: "full" });
  const intake = new Intake({ producer: { send: () => Promise.reject(full) }, maxWaiting: 1_000 });
  await assert.rejects(() => intake.accept(accepted), {
    name: "Refusal",
    status: 503,
    message: /the disk is full/,
    cause: full,
  });
  assert.equal(intake.waiting, 0);
});

Deno.test("an event counts once in its topic and tenant, until its id is forgotten", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-seen-" });
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await store.migrate("insights", INSIGHTS_MIGRATIONS);
    const event: SeenEvent = { topic: "t", tenant: "a", eventId: "evt-1", seenMs: 1_000 };
    const enter = (given: Partial<SeenEvent> = {}) => store.write((tx) => isNew(tx, { ...event, ...given }));
    assert.deepEqual(
      [
        await enter(),
        await enter({ seenMs: 2_000 }),
        await enter({ topic: "u" }),
        await enter({ tenant: "b" }),
      ],
      [true, false, true, true],
    );
    await store.write((tx) => forgetSeen(tx, 1_000, 10));
    assert.equal(await enter(), false);
    await store.write((tx) => forgetSeen(tx, 1_001, 10));
    assert.equal(await enter(), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
