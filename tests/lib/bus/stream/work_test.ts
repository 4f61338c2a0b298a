import assert from "node:assert/strict";
import { AbandonedError, type Signals, StreamWork } from "../../../../lib/bus/stream/work.ts";
import { TopicCodecs } from "../../../../lib/bus/topic_codecs.ts";
import { instantClock } from "./instant_clock.ts";

const batch = {
  topic: "t",
  partition: 0,
  records: [{ topic: "t", partition: 0, offset: 0, key: null, value: null, headers: [], timestamp: 0 }],
};
const never = new AbortController().signal;

Deno.test("a batch whose partition went before its turn is neither handled nor committed", async () => {
  const called: string[] = [];
  const work = new StreamWork({
    handler: () => void called.push("handled"),
    codecs: new TopicCodecs(),
    group: "g",
    attempts: 3,
    realName: (topic) => topic,
    logicalName: (topic) => topic,
    isRetryable: () => true,
    clock: instantClock(),
    random: () => 0,
    events: {
      handled: () => undefined,
      deadLettered: () => undefined,
      retrying: () => undefined,
      commitFailing: () => undefined,
    },
  });
  const sink = { commit: () => Promise.resolve(void called.push("committed")) };
  const signals: Signals = { drop: AbortSignal.abort(), hurry: never, quit: never };
  await assert.rejects(work.run(sink, batch, signals), AbandonedError);
  assert.deepEqual(called, []);
  await work.run(sink, batch, { ...signals, drop: never });
  assert.deepEqual(called, ["handled", "committed"]);
});
