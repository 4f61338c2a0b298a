import { type Broker, startBroker } from "./broker.ts";
import { kafkaAvailable } from "./jars.ts";

/** Where a broker listens that outlives the test. */
export type SharedBroker =
  & Pick<Broker, "bootstrap" | "scramBootstrap" | "secured" | "user" | "password">
  & AsyncDisposable;

const available = await kafkaAvailable();

/** For `Deno.test({ ignore })`: true where no broker can be started. In CI that is a failure instead. */
export const withoutKafka: boolean = !available.ok;

if (!available.ok) {
  const message = `Tests against Apache Kafka need ${available.missing}`;
  if (Deno.env.get("CI") === "true") throw new Error(`${message}: install it on the CI machine`);
  if (!Deno.env.has("CAPSTAN_TEST_RUN")) console.log(`${message}: ignored.`); // the run says it once for all files
}

/**
 * The broker of this test run (`CAPSTAN_TEST_KAFKA`, `CAPSTAN_TEST_KAFKA_SCRAM`), which must not be killed, or one of
 * the test's own. Topics and groups need names of their own: `crypto.randomUUID()`.
 */
export async function sharedBroker(): Promise<SharedBroker> {
  const bootstrap = Deno.env.get("CAPSTAN_TEST_KAFKA");
  const scramBootstrap = Deno.env.get("CAPSTAN_TEST_KAFKA_SCRAM");
  const secured = Deno.env.get("CAPSTAN_TEST_KAFKA_SECURED");
  if (bootstrap === undefined || scramBootstrap === undefined || secured === undefined) {
    return await startBroker({ steady: true });
  }
  return {
    bootstrap,
    scramBootstrap,
    secured: JSON.parse(secured),
    user: "capstan",
    password: "capstan-secret",
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
