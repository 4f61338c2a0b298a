import { KafkaBus, type KafkaDriverOptions } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { testBusDriver } from "../../../../lib/testing/bus_driver.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { silent } from "./bench.ts";

const broker = withoutKafka ? undefined : await sharedBroker();

const make = (options: Partial<KafkaDriverOptions> = {}) => {
  const driver = new KafkaBus({ bootstrapServers: [broker?.bootstrap ?? ""] }, {
    log: silent,
    memberTimes: { heartbeatMs: 100 },
    ...options,
  });
  return Promise.resolve({ driver, [Symbol.asyncDispose]: () => driver.close() });
};

testBusDriver("kafka", make, {
  ignore: withoutKafka,
  compressing: (compression) => make({ compression }),
  skip: {
    "commit() runs write() in the same transaction; if it throws, nothing is stored":
      "rows lie in SQLite; a stream over Kafka commits them first, with a fence",
  },
});

Deno.test({
  name: "the broker of these tests ends",
  ignore: withoutKafka,
  // It was started outside of any test.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => await broker?.[Symbol.asyncDispose](),
});
