import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { testStreams } from "../../../../lib/testing/stream_suite.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { silent } from "./bench.ts";

const broker = withoutKafka ? undefined : await sharedBroker();

testStreams("Kafka", async () => {
  const folder = await Deno.makeTempDir();
  const store = await openStore({ file: `${folder}/rows.sqlite` });
  const driver = new KafkaBus({ bootstrapServers: [broker?.bootstrap ?? ""] }, {
    log: silent,
    memberTimes: { heartbeatMs: 100 },
  });
  return {
    driver,
    store,
    async [Symbol.asyncDispose]() {
      await driver.close();
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}, { ignore: withoutKafka });

Deno.test({
  name: "the broker of these tests ends",
  ignore: withoutKafka,
  // It was started outside of any test.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => await broker?.[Symbol.asyncDispose](),
});
