import assert from "node:assert/strict";
import type { BusRecord, Header } from "../../../../lib/bus/contract.ts";
import {
  deadLetter,
  deadLetterTopic,
  isDeadLetterTopic,
  originTopic,
  withoutReason,
} from "../../../../lib/bus/stream/dead_letters.ts";

const header = (name: string, value: string): Header => [name, new TextEncoder().encode(value)];
const texts = (headers: readonly Header[] = []) =>
  headers.map(([name, value]) => `${name} ${new TextDecoder().decode(value)}`);

function give(headers: readonly Header[]) {
  const record: BusRecord = {
    topic: "in",
    partition: 2,
    offset: 7,
    key: null,
    value: null,
    headers,
    timestamp: 5,
  };
  return deadLetter({ record, cause: new Error("no"), attempts: 3, group: "g", at: 0 });
}

Deno.test("a dead letter has the record's headers and says where it lay and why it is here", () => {
  const letter = give([header("a", "1")]);
  assert.equal(letter.topic, "in.dlq");
  // Its own time, or retention would take an old record's letter at once.
  assert.equal(letter.timestamp, 0);
  assert.deepEqual(texts(letter.headers), [
    "a 1",
    "capstan.dlq.topic in",
    "capstan.dlq.partition 2",
    "capstan.dlq.offset 7",
    "capstan.dlq.group g",
    "capstan.dlq.error no",
    "capstan.dlq.attempts 3",
    "capstan.dlq.time 1970-01-01T00:00:00.000Z",
    "capstan.dlq.timestamp 5",
  ]);
});

Deno.test("a letter that was sent back and fails again counts on, and says why it failed last", () => {
  const again = texts(
    give([header("capstan.dlq.redriven", "2"), header("capstan.dlq.error", "old")]).headers,
  );
  assert.equal(again[0], "capstan.dlq.redriven 2");
  assert.deepEqual(again.filter((each) => each.startsWith("capstan.dlq.error")), ["capstan.dlq.error no"]);
  assert.deepEqual(
    withoutReason(give([header("a", "1"), header("capstan.dlq.redriven", "2")]).headers ?? []),
    [
      header("a", "1"),
    ],
  );
});

Deno.test("a topic and its dead-letter topic name each other", () => {
  assert.equal(deadLetterTopic("a.b"), "a.b.dlq");
  assert.equal(originTopic("a.b.dlq"), "a.b");
  assert.equal(originTopic("a.b"), "a.b");
  assert.deepEqual(["a.dlq", "a", "dlq"].map(isDeadLetterTopic), [true, false, false]);
});
