import assert from "node:assert/strict";
import { AuditLogger, ConsumerClient, ProducerClient, type PublishOptions } from "../../../mod.ts";
import { onBothBuses, theBrokerEnds } from "./buses.ts";

const CALL = { userId: "ada", model: "gpt-4o", prompt: "2+2?", response: "4" };

onBothBuses("what is logged with wait is stored, as JSON under its user", async (bus) => {
  const topic = bus.name("audit");
  await using producer = new ProducerClient({ config: bus.config });
  const audit = new AuditLogger(producer, { topic });
  const event = await audit.log({ ...CALL, requestId: "r-1", metadata: { team: "a" }, wait: true });
  await using consumer = new ConsumerClient({
    config: { ...bus.config, topics: [topic], groupId: null, autoOffsetReset: "earliest" },
  });
  const [message] = await consumer.poll({ timeoutMs: 60_000 });
  assert.equal(message?.key, "ada");
  assert.deepEqual(message?.value, {
    user_id: "ada",
    model: "gpt-4o",
    prompt: "2+2?",
    response: "4",
    request_id: "r-1",
    metadata: { team: "a" },
    timestamp_utc: event.timestampUtc,
  });
  assert.deepEqual({ ...event, timestampUtc: "" }, {
    ...CALL,
    requestId: "r-1",
    metadata: { team: "a" },
    timestampUtc: "",
  });
});

onBothBuses(
  "what is logged without wait is stored once the producer is closed, none lost, in order",
  async (bus) => {
    const topic = bus.name("audit");
    const producer = new ProducerClient({ config: bus.config });
    const audit = new AuditLogger(producer, { topic });
    const count = 500;
    for (let at = 0; at < count; at++) await audit.log({ ...CALL, requestId: `r-${at}`, wait: false });
    await producer.close();
    await using consumer = new ConsumerClient<{ request_id: string }>({
      config: { ...bus.config, topics: [topic], groupId: null, autoOffsetReset: "earliest" },
    });
    const seen: string[] = [];
    while (seen.length < count) {
      const messages = await consumer.poll({ timeoutMs: 60_000 });
      if (messages.length === 0) break;
      seen.push(...messages.map(({ value }) => value.request_id));
    }
    assert.deepEqual(seen, Array.from({ length: count }, (_, at) => `r-${at}`));
  },
);

Deno.test("an event has null for the request id it has not, metadata of its own, and the default topic", async () => {
  const published: unknown[] = [];
  const publish = (topic: string, _value: unknown, { wait }: PublishOptions = {}) => {
    published.push([topic, wait]);
    return Promise.resolve(null);
  };
  const audit = new AuditLogger({ publish });
  assert.equal(audit.topic, "ractogateway.audit");
  const metadata = { team: "a" };
  const event = await audit.log({ ...CALL, metadata });
  metadata.team = "b";
  assert.deepEqual([event.requestId, event.metadata], [null, { team: "a" }]);
  await audit.log({ ...CALL, wait: false });
  assert.deepEqual(published, [["ractogateway.audit", true], ["ractogateway.audit", false]]);
  assert.throws(() => new AuditLogger({ publish }, { topic: "" }), /topic without a name/);
});

Deno.test("what the producer refuses, log refuses", async () => {
  const audit = new AuditLogger({ publish: () => Promise.reject(new Error("no")) });
  await assert.rejects(audit.log(CALL), { message: "no" });
  await assert.rejects(audit.log({ ...CALL, wait: false }), { message: "no" });
});

theBrokerEnds();
