import assert from "node:assert/strict";
import type { BusRecord } from "../../../../lib/bus/contract.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { KafkaError } from "../../../../lib/bus/kafka/error.ts";
import { BusBench, bytes, texts, uniqueName } from "../../../../lib/testing/bus_case.ts";
import { awaitedLater } from "../../../awaited_later.ts";
import { startBroker } from "../../../kafka/broker.ts";
import { withoutKafka } from "../../../kafka/for_tests.ts";
import { silent } from "./bench.ts";

Deno.test({
  name: "kafka: a group member and a sender live through the broker's death and restart",
  ignore: withoutKafka,
  async fn(t) {
    await using broker = await startBroker();
    const settings = { bootstrapServers: [broker.bootstrap] };
    const troubles: (string | undefined)[] = [];
    await using patient = new KafkaBus(settings, {
      log: silent,
      sendDeadlineMs: Infinity,
      onSendTrouble: (error) => troubles.push(error?.failure),
    });
    await using hasty = new KafkaBus(settings, { log: silent, sendDeadlineMs: 300 });
    const bench = new BusBench(patient, 60_000);
    const topic = await bench.topic();
    await using member = await bench.open({ group: uniqueName("group"), topics: [topic] });
    let tries = 0;
    /** Sends within the short time, on a busy machine at a later try; one that came too late may be there, too. */
    const hastily = async () => {
      const send = () => hasty.send([{ topic, value: bytes(`hasty ${++tries}`) }]);
      await bench.eventually("it sends within its time", () => send().then(() => true, () => false));
      return `hasty ${tries}`;
    };
    /** Receives up to that text; what came too late is left out. */
    const receiveTo = async (last: string) => {
      const wanted: BusRecord[] = [];
      while (true) {
        const [record = assert.fail()] = await bench.receive(member, 1);
        const [text] = texts([record]);
        if (text === last || !text?.startsWith("hasty")) wanted.push(record);
        if (text === last) return wanted;
      }
    };
    await bench.sendTexts(topic, ["before"]);
    const before = await receiveTo(await hastily());
    await broker.kill();

    const sending = awaitedLater(bench.sendTexts(topic, ["during"]));
    await t.step("a send with a deadline rejects, to be retried", async () => {
      await assert.rejects(
        hasty.send([{ topic, value: bytes("given up") }]),
        (error) => hasty.isRetryable(error),
      );
    });
    await t.step("ping() and commit() reject as unreachable", async () => {
      await assert.rejects(
        patient.ping(),
        (error) => error instanceof KafkaError && error.failure === "unreachable",
      );
      await assert.rejects(
        member.commit({ through: before.at(-1) ?? assert.fail() }),
        (error) => patient.isRetryable(error),
      );
    });
    await t.step("receive() gives nothing and does not throw", async () => {
      assert.equal(await member.receive({ max: 1, maxBytes: 1_000, waitMs: 10 }), null);
    });
    await t.step("who waits is told why", async () => {
      await bench.eventually("it was told", () => Promise.resolve(troubles.includes("unreachable")));
    });
    await broker.restart();
    await t.step("the send without a deadline arrives, once, and so does the next", async () => {
      await sending;
      await bench.sendTexts(topic, ["after"]);
      assert.deepEqual(texts(await receiveTo("after")), ["during", "after"]);
      assert.equal(troubles.at(-1), undefined);
    });
    await t.step("the member commits, and the sender with a deadline sends, again", async () => {
      await bench.eventually(
        "a commit is stored",
        () => member.commit({ through: { topic, partition: 0, offset: 3 } }).then(() => true, () => false),
      );
      const again = await hastily();
      assert.deepEqual(texts(await receiveTo(again)), [again]);
    });
  },
});
