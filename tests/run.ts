/**
 * `deno task test [files or flags of deno test]`: every test, with one Apache Kafka for all of them where Java and
 * Maven are there. Ends with a line `N passed, N failed`.
 */
import { startBroker } from "./kafka/broker.ts";
import { kafkaAvailable } from "./kafka/jars.ts";

/** Colours of a terminal. */
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
const given = Deno.args.some((word) => !word.startsWith("-")) ? Deno.args : [...Deno.args, "tests"];
const strict = Deno.env.get("CI") === "true";
const kafka = await kafkaAvailable();
if (!kafka.ok && strict) {
  console.error(`Tests against Apache Kafka need ${kafka.missing}: install it on this machine`);
  Deno.exit(1);
}

await using stack = new AsyncDisposableStack();
const env: Record<string, string> = { CAPSTAN_TEST_RUN: "1" };
if (kafka.ok) {
  const broker = stack.use(await startBroker({ steady: true }));
  env.CAPSTAN_TEST_KAFKA = broker.bootstrap;
  env.CAPSTAN_TEST_KAFKA_SCRAM = broker.scramBootstrap;
  env.CAPSTAN_TEST_KAFKA_SECURED = JSON.stringify(broker.secured);
}

const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "--allow-all", "--no-check", "--parallel", ...given],
  env,
  stdout: "piped",
  stderr: "inherit",
}).spawn();
let tail = "";
for await (const part of child.stdout) {
  await writeAll(part);
  tail = (tail + new TextDecoder().decode(part)).slice(-4_000);
}
const { code } = await child.status;
const summary =
  tail.replaceAll(ESCAPES, "").trimEnd().split("\n").findLast((line) => line.includes(" passed ")) ?? "";
const passed = /(\d+) passed/.exec(summary)?.[1] ?? "0";
const failed = /(\d+) failed/.exec(summary)?.[1] ?? "0";
if (!kafka.ok) {
  console.log(`Skipped: the tests against Apache Kafka, for want of ${kafka.missing} (Java 17 and Maven).`);
}
console.log(`${passed} passed, ${code === 0 ? failed : Math.max(1, Number(failed))} failed`);
await stack.disposeAsync();
Deno.exit(code);

async function writeAll(part: Uint8Array): Promise<void> {
  for (let at = 0; at < part.length;) at += await Deno.stdout.write(part.subarray(at));
}
