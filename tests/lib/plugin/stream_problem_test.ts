import assert from "node:assert/strict";
import type { StreamOptions } from "../../../lib/bus/handler.ts";
import { streamProblem } from "../../../lib/plugin/stream_problem.ts";

const handler = () => {};
const worker = { module: new URL("file:///handler.ts") };

Deno.test("streamProblem() takes what a stream can be made of", () => {
  const good: Partial<StreamOptions>[] = [
    {},
    { concurrency: 1, maxRecords: 1, maxBytes: 1, lingerMs: 0, attempts: 1 },
    { delivery: "at-least-once", onFailure: "stop", values: "bytes" },
    { state: { reset: () => {} }, onAssigned: () => {}, onRevoked: () => {} },
    { onAssigned: () => {}, source: "local" },
    { state: { reset: () => {} }, onAssigned: () => {}, worker },
  ];
  for (const options of good) assert.equal(streamProblem({ topics: ["t"], ...options }, handler), undefined);
  assert.equal(streamProblem({ topics: ["t"], worker, source: "local" }), undefined);
});

Deno.test("streamProblem() says what is wrong and what to do", () => {
  const wrong: [Partial<StreamOptions>, RegExp][] = [
    [{ topics: [] }, /reads no topic; name one/],
    [{ topics: ["t", "u", "t"] }, /reads topic t twice; name it once/],
    [{ attempts: 0 }, /0 attempts are none; give 1 or more/],
    [{ concurrency: 0 }, /concurrency is 0; give a whole number of 1 or more/],
    [{ concurrency: 1.5 }, /concurrency is 1.5; give a whole number/],
    [{ maxRecords: -1 }, /maxRecords is -1/],
    [{ maxBytes: NaN }, /maxBytes is NaN/],
    [{ lingerMs: -1 }, /lingerMs is -1; give 0 or more/],
  ];
  for (const [options, message] of wrong) {
    assert.match(streamProblem({ topics: ["t"], ...options }, handler) ?? "", message);
  }
  assert.match(streamProblem({ topics: ["t"] }) ?? "", /a handler or a worker module; give one/);
  const inWorker = { topics: ["t"], worker, source: "local" as const };
  assert.match(streamProblem({ ...inWorker, source: "bus" }) ?? "", /set source to "local"/);
  assert.match(streamProblem({ ...inWorker, onAssigned: () => {} }) ?? "", /can't reach into a worker/);
  assert.match(streamProblem({ ...inWorker, state: { reset: () => {} } }) ?? "", /can't reach into a worker/);
  assert.match(streamProblem({ ...inWorker, onRevoked: () => {} }) ?? "", /can't reach into a worker/);
  // As a plugin in plain JavaScript may give it.
  const unknown: StreamOptions = JSON.parse('{ "topics": ["t"], "delivery": "twice" }');
  assert.match(
    streamProblem(unknown, handler) ?? "",
    /delivery is "twice"; give "exactly-once" or "at-least-once"/,
  );
});
