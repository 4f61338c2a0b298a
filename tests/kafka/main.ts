import { startBroker } from "./broker.ts";
import { kafkaAvailable } from "./jars.ts";

/** A broker for people: `deno task kafka [port]`. Its data goes when it ends. */
const available = await kafkaAvailable();
if (!available.ok) {
  console.error(`Cannot start Apache Kafka: ${available.missing} not found; install it and try again.`);
  Deno.exit(1);
}
console.log("Starting Apache Kafka …");
await using broker = await startBroker({ port: Number(Deno.args[0] ?? 9092) });
console.log(`\
PLAINTEXT       ${broker.bootstrap}
SASL_PLAINTEXT  ${broker.scramBootstrap}  SCRAM-SHA-256 or PLAIN, user ${broker.user}, password ${broker.password}
Ctrl-C ends it.`);
await new Promise<void>((resolve) => {
  Deno.addSignalListener("SIGINT", resolve);
  Deno.addSignalListener("SIGTERM", resolve);
});
