import assert from "node:assert/strict";
import { BatchSpan } from "../../../lib/clients/batch_span.ts";
import { HandedOut } from "../../../lib/clients/handed_out.ts";
import type { Message } from "../../../lib/clients/message.ts";

const at = (partition: number, offset: number) => ({ topic: "t", partition, offset });
const message = (partition: number, offset: number): Message => ({
  ...at(partition, offset),
  timestampMs: 0,
  key: null,
  value: null,
  headers: {},
});

Deno.test("BatchSpan: a batch that comes back to a partition begins at that partition's first message, and ends at its last", () => {
  const span = new BatchSpan([message(0, 4), message(1, 7), message(0, 5), message(0, 6), message(1, 8)]);
  assert.deepEqual(span.first, [at(0, 4), at(1, 7)]);
  assert.deepEqual(span.last, [at(0, 6), at(1, 8)]);
  const sought: unknown[] = [];
  span.rewind({ seek: (position) => void sought.push(position) });
  assert.deepEqual(sought, [at(0, 4), at(1, 7)]);
});

Deno.test("BatchSpan.rewind() passes over partitions that are another member's now, and nothing else", () => {
  const span = new BatchSpan([message(0, 4), message(1, 7)]);
  const sought: unknown[] = [];
  span.rewind({
    seek: (position) => {
      if (position.partition === 0) throw new RangeError("not read here");
      sought.push(position);
    },
  });
  assert.deepEqual(sought, [at(1, 7)]);
  assert.throws(() =>
    span.rewind({
      seek: () => {
        throw new TypeError("closed");
      },
    }), TypeError);
});

Deno.test("HandedOut: what was committed further ahead is not committed again by an earlier commit that came late", () => {
  const handedOut = new HandedOut();
  handedOut.give(at(0, 9));
  handedOut.give(at(1, 3));
  assert.deepEqual(handedOut.uncommitted("given"), [at(0, 9), at(1, 3)]);
  assert.deepEqual(handedOut.uncommitted("handled"), []);
  handedOut.committed(at(0, 9));
  handedOut.committed(at(0, 4));
  assert.deepEqual(handedOut.uncommitted("given"), [at(1, 3)]);
  handedOut.handled();
  assert.deepEqual(handedOut.uncommitted("handled"), [at(1, 3)]);
  handedOut.forget(at(1, 0));
  assert.deepEqual(handedOut.uncommitted("given"), []);
});
