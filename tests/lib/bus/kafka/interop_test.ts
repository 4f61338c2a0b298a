import assert from "node:assert/strict";
import type { BusRecord, OutgoingRecord } from "../../../../lib/bus/contract.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { BusBench, bytes, uniqueName } from "../../../../lib/testing/bus_case.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { kafkaClassPath } from "../../../kafka/jars.ts";
import { silent } from "./bench.ts";

const broker = withoutKafka ? undefined : await sharedBroker();
const bootstrap = broker?.bootstrap ?? "";
const strict = Deno.env.get("CI") === "true";
const withoutKcat = !await installed("kcat");
if (withoutKcat && !withoutKafka) {
  const message = "Tests beside kcat need kcat";
  if (strict) throw new Error(`${message}: install it on the CI machine`);
  console.log(`${message}: ignored.`);
}

async function installed(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["-V"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

/** Runs a program to its end with this input; its standard output. */
async function run(command: string, args: string[], input = ""): Promise<string> {
  const child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert.ok(success, `${command}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** One of Kafka's own tools for the console. */
async function javaTool(name: string, args: string[], input?: string): Promise<string> {
  const jvm = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", await kafkaClassPath()];
  return await run("java", [
    ...jvm,
    `org.apache.kafka.tools.${name}`,
    "--bootstrap-server",
    bootstrap,
    ...args,
  ], input);
}

const text = (value: Uint8Array | null) => value === null ? null : new TextDecoder().decode(value);
const keyed = ({ partition, key, value }: Pick<BusRecord, "partition" | "key" | "value">) =>
  `${partition} ${text(key)} ${text(value)}`;

/** Records with keys whose texts no shell or tool reads otherwise. */
function records(topic: string, count: number): OutgoingRecord[] {
  return Array.from({ length: count }, (_, at) => ({
    topic,
    key: bytes(`key-${(at * 7_919) % 104_729}-ä${at}`),
    value: bytes(`value ${at}`),
  }));
}

async function withBus(work: (bus: KafkaBus, bench: BusBench) => Promise<void>): Promise<void> {
  await using bus = new KafkaBus({ bootstrapServers: [bootstrap] }, { log: silent });
  await work(bus, new BusBench(bus, 60_000));
}

async function readAll(bench: BusBench, topic: string, count: number): Promise<BusRecord[]> {
  await using reader = await bench.open({ group: null, topics: [topic] });
  return await bench.receive(reader, count);
}

Deno.test({
  name: "Java's console producer puts each key where we do, and we read what it wrote",
  ignore: withoutKafka,
  fn: () =>
    withBus(async (bus, bench) => {
      const [theirs, ours] = [await bench.topic({ partitions: 7 }), await bench.topic({ partitions: 7 })];
      const sent = records(ours, 300);
      await bus.send(sent);
      const lines = sent.map(({ key, value }) => `${text(key ?? null)}\t${text(value)}\n`).join("");
      await javaTool("ConsoleProducer", ["--topic", theirs, "--property", "parse.key=true"], lines);
      assert.deepEqual(
        (await readAll(bench, theirs, 300)).map(keyed).sort(),
        (await readAll(bench, ours, 300)).map(keyed).sort(),
      );
    }),
});

Deno.test({
  name: "Java's console consumer reads what we write: keys, values, headers, times and tombstones",
  ignore: withoutKafka,
  fn: () =>
    withBus(async (bus, bench) => {
      const topic = await bench.topic();
      await bus.send([
        {
          topic,
          key: bytes("k"),
          value: bytes("a value"),
          headers: [["first", bytes("1")], ["second", bytes("zwei")]],
          timestamp: 1_700_000_000_123,
        },
        { topic, key: bytes("gone"), value: null, timestamp: 1_700_000_000_456 },
        { topic, value: bytes("no key"), timestamp: 1_700_000_000_789 },
      ]);
      const print = ["key", "headers", "timestamp", "partition", "offset"].flatMap((what) => [
        "--property",
        `print.${what}=true`,
      ]);
      const out = await javaTool("consumer.ConsoleConsumer", [
        ...["--topic", topic, "--from-beginning", "--max-messages", "3", "--timeout-ms", "120000"],
        ...["--isolation-level", "read_committed"],
        ...print,
      ]);
      assert.deepEqual(out.trim().split("\n"), [
        "CreateTime:1700000000123\tPartition:0\tOffset:0\tfirst:1,second:zwei\tk\ta value",
        "CreateTime:1700000000456\tPartition:0\tOffset:1\tNO_HEADERS\tgone\tnull",
        "CreateTime:1700000000789\tPartition:0\tOffset:2\tNO_HEADERS\tnull\tno key",
      ]);
    }),
});

Deno.test({
  name: "kcat reads what we write, whatever its compression, and we read what kcat writes",
  ignore: withoutKafka || withoutKcat,
  async fn() {
    for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
      await using bus = new KafkaBus({ bootstrapServers: [bootstrap] }, { log: silent, compression });
      const bench = new BusBench(bus, 60_000);
      const topic = await bench.topic({ name: uniqueName(`kcat-${compression}`) });
      await bus.send(
        Array.from({ length: 50 }, (_, at) => ({
          topic,
          partition: 0,
          key: bytes(`k${at}`),
          value: bytes(`v${at} ${"x".repeat(200)}`),
          headers: [["h", bytes(`${at}`)]],
        })),
      );
      const read = await run("kcat", [
        ...["-b", bootstrap, "-C", "-q", "-e", "-t", topic, "-o", "beginning"],
        ...["-f", "%o %k %h %s\\n"],
      ]);
      assert.deepEqual(
        read.trim().split("\n"),
        Array.from({ length: 50 }, (_, at) => `${at} k${at} h=${at} v${at} ${"x".repeat(200)}`),
        compression,
      );
      await run(
        "kcat",
        ["-b", bootstrap, "-P", "-t", topic, "-K", "|", "-H", "from=kcat", "-z", compression],
        "a|1\nb|2\n",
      );
      const [, ...back] = (await readAll(bench, topic, 52)).slice(49);
      assert.deepEqual(back.map(({ key, value }) => [text(key), text(value)]), [["a", "1"], ["b", "2"]]);
      assert.deepEqual(back[0]?.headers.map(([name, value]) => [name, text(value)]), [["from", "kcat"]]);
    }
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
