import assert from "node:assert/strict";
import type { ConsumerClient, KafkaEventProducer, Message, ProducerClient } from "../../../mod.ts";

/** Compiles where the two are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

interface Ready {
  agent: string;
  status: "ready" | "done";
}
interface Topics {
  "agent.events": Ready;
  "agent.counts": number;
}

type Client = ProducerClient<Topics>;

Deno.test("the types of topics reach publish() and poll()", () => {
  const checks: [
    Same<Awaited<ReturnType<ConsumerClient<Ready>["poll"]>>, Message<Ready>[]>,
    Same<Message<Ready>["value"], Ready>,
  ] = [true, true];
  assert.ok(checks.every(Boolean));
});

/** Never called: it only has to compile. */
export async function typed(
  client: Client,
  events: KafkaEventProducer<Topics>,
  any: ProducerClient,
): Promise<void> {
  await client.publish("agent.events", { agent: "research", status: "ready" });
  await client.publish("agent.counts", 3);
  await events.publish("agent.events", { agent: "research", status: "done" }, "research");
  await any.publish("whatever", { free: "form" });
  // @ts-expect-error: no such status
  await client.publish("agent.events", { agent: "research", status: "gone" });
  // @ts-expect-error: another topic's value
  await client.publish("agent.counts", { agent: "research", status: "ready" });
  // @ts-expect-error: no such topic
  await events.publish("agent.event", { agent: "research", status: "done" });
}
