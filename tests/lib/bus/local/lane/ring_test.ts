import assert from "node:assert/strict";
import fc from "fast-check";
import type { OutgoingRecord } from "../../../../../lib/bus/contract.ts";
import { RingReader } from "../../../../../lib/bus/local/lane/ring_reader.ts";
import { SendRing } from "../../../../../lib/bus/local/lane/send_ring.ts";

const RING = 1_024;
const NOW = 1_700_000_000_000.25;

const bytes = fc.uint8Array({ maxLength: 90 });
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const record: fc.Arbitrary<OutgoingRecord> = fc.record({
  topic: fc.constantFrom("t", "tapes.calls.v1", "überall"),
  partition: optional(fc.nat(7)),
  key: optional(fc.option(bytes)),
  value: fc.option(bytes),
  headers: optional(fc.array(fc.tuple(fc.string({ maxLength: 5 }), bytes), { maxLength: 2 })),
  timestamp: optional(fc.double({ noNaN: true, noDefaultInfinity: true })),
});
type Step = { put: OutgoingRecord[] } | { withdraw: number } | "publish" | "commit" | "fail" | "take back";
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: fc.array(record, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ withdraw: fc.nat(9) }) },
  fc.constantFrom<Step>("publish", "commit", "fail", "take back"),
);

/** A record as the other side must have it. */
function arrived({ topic, partition, key, value, headers, timestamp }: OutgoingRecord): unknown {
  return {
    topic,
    partition,
    key: key ?? null,
    value,
    headers: headers ?? [],
    timestamp: timestamp ?? NOW,
  };
}

Deno.test("what is put comes out once, whole and in order, and what became of it comes back", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
    const ring = new SendRing(RING);
    const reader = new RingReader(ring.memory);
    /** Sends not yet taken back, oldest first. */
    const sends: { records: OutgoingRecord[]; slot: number; state: string; offset: number }[] = [];
    let offset = 0;
    /** Whether a send was handed back, and others have not been since. */
    let refusing = false;
    const settle = (commit: boolean) => {
      assert.equal(reader.refusing, refusing);
      const stored = commit && !refusing;
      const mine = sends.filter(({ state }) => state === "published");
      const taken = reader.take();
      assert.deepEqual(
        taken.records.map((each) => arrived(each)),
        mine.flatMap(({ records }) => records.map(arrived)),
      );
      for (const send of mine) {
        send.state = stored ? "stored" : "failed";
        send.offset = offset;
        if (stored) offset += send.records.length;
      }
      for (const send of sends) if (send.state === "withdrawn, published") send.state = "withdrawn, passed";
      const first = offset - taken.records.length;
      const positions = taken.records.map(({ topic }, at) => ({ topic, partition: 3, offset: first + at }));
      reader.settle(taken, stored ? positions : undefined);
      if (!stored && mine.length > 0) refusing = true;
    };
    for (const step of steps) {
      if (typeof step === "object" && "put" in step) {
        const slot = ring.put(step.put, NOW);
        if (slot >= 0) sends.push({ records: step.put, slot, state: "put", offset: -1 });
        else assert.ok(sends.length > 0, "an empty ring has room");
      } else if (typeof step === "object") {
        const send = sends[step.withdraw];
        if (!send || send.state.startsWith("withdrawn")) continue;
        const open = send.state === "put" || send.state === "published";
        assert.equal(ring.withdraw(send.slot), open);
        if (open) send.state = `withdrawn, ${send.state}`;
      } else if (step === "publish") {
        ring.publish();
        for (const send of sends) send.state = send.state.replace(/\bput$/, "published");
      } else if (step === "take back") {
        const { settled } = ring;
        while (ring.hasSettled(settled)) {
          const send = sends.shift()!;
          const expected = send.state === "stored"
            ? send.records.map(({ topic }, at) => ({ topic, partition: 3, offset: send.offset + at }))
            : undefined;
          assert.ok(["stored", "failed", "withdrawn, passed"].includes(send.state), send.state);
          assert.deepEqual(ring.take(send.records), expected);
          if (sends.length === 0) refusing = false;
        }
        assert.ok(!sends.some(({ state }) => /stored|failed|passed/.test(state)));
      } else settle(step === "commit");
    }
  }));
});

Deno.test("whatever is left of the ring at its end is passed over", () => {
  const ring = new SendRing(RING);
  const reader = new RingReader(ring.memory);
  for (let offset = 0; offset < 2_000; offset++) {
    const records = [{ topic: "t", value: new Uint8Array((offset * 37) % 97) }];
    assert.ok(ring.put(records, NOW) >= 0);
    ring.publish();
    const taken = reader.take();
    assert.deepEqual(taken.records.map(({ value }) => value?.length), [(offset * 37) % 97]);
    reader.settle(taken, [{ topic: "t", partition: 0, offset }]);
    const { settled } = ring;
    assert.deepEqual(ring.take(records), [{ topic: "t", partition: 0, offset }]);
    assert.equal(ring.hasSettled(settled), false);
  }
});

Deno.test("a send larger than the ring finds no room", () => {
  const ring = new SendRing(RING);
  assert.equal(ring.put([{ topic: "t", value: new Uint8Array(RING) }], NOW), -1);
});
