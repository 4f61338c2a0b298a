import type { OutgoingRecord, TopicDescription } from "../bus/contract.ts";
import { redactEnds } from "../bus/encode.ts";
import type { Redaction } from "../bus/redaction.ts";
import type { TopicCodec } from "../bus/topic_codecs.ts";
import type { CliCommand, Invocation } from "./command.ts";
import { StoreError } from "../store/error.ts";
import { UsageError } from "./exit.ts";
import { unknownTopic } from "./follow.ts";
import { plural } from "./format.ts";
import { lineToRecord } from "./line_records.ts";
import type { OpenData } from "./open_data.ts";
import { numberOption } from "./number_option.ts";
import { type Line, readLines } from "./read_lines.ts";

/** Lines of one transaction: enough to be quick, few enough to hold the write lock for moments only. */
const LINES_AT_ONCE = 500;
/** No topic takes a record this large. */
const LONGEST_LINE = 64 << 20;

/** `capstan publish TOPIC` */
export const publish: CliCommand = {
  path: "publish",
  doc: "Publish each line of standard input as a record",
  more:
    "Records go into the log of the file, durable before this command ends; where Kafka is configured, the running\n" +
    "agent (or `capstan outbox drain`) sends them on. Empty lines are left out. Where the topic has a schema, a line\n" +
    "that does not match it ends the command; those before it are published.",
  args: [{ name: "<topic>", doc: "name of the topic" }],
  options: [
    { flags: "-K, --key-separator <text>", doc: "each line is KEY, this text, VALUE" },
    { flags: "-k, --key <key>", doc: "key of every record" },
    {
      flags: "-H, --header <name=value>",
      doc: "header of every record; may be given several times",
      repeat: true,
    },
    { flags: "-p, --partition <number>", doc: "partition of every record; else the key chooses it" },
    { flags: "--create", doc: "make the topic in the log of the file where it is missing" },
    { flags: "--partitions <count>", doc: "with --create: partitions of a new topic; default 1" },
  ],
  examples: [
    'echo \'{"hello":"world"}\' | capstan publish greetings --create',
    "capstan publish greetings -K : < lines.txt",
  ],
  async run(call) {
    const { args: [name = ""], options, io, signal } = call;
    const partition = numberOption("--partition", options.partition, { min: 0 });
    const partitions = numberOption("--partitions", options.partitions, { min: 1 });
    if (partitions !== undefined && options.create !== true) {
      throw new UsageError("Cannot use --partitions without --create: a topic that is there keeps its own");
    }
    const text = (value: unknown) => typeof value === "string" ? value : undefined;
    const { openData } = await import("./open_data.ts");
    const toRecord = (topic: string) =>
      lineToRecord({
        topic,
        partition,
        key: text(options.key),
        keySeparator: text(options.keySeparator),
        headers: Array.isArray(options.header) ? options.header : undefined,
      });
    toRecord(name); // wrong flags are told before anything is opened
    await using data = await openData(call, { write: true, create: true });
    const topic = data.topicName(name);
    const known = await findTopic(data, topic) ??
      (options.create === true ? await createTopic(call, data, { name: topic, partitions }) : undefined);
    if (!known) {
      const { message } = await unknownTopic(data.local, topic);
      throw new Error(`${message}; --create makes it`);
    }
    if (partition !== undefined && partition >= known.partitions.length) {
      throw new Error(
        `Cannot publish to partition ${partition} of "${topic}": it has ${
          plural(known.partitions.length, "partition")
        }, counted from 0`,
      );
    }
    await refuseWhereFull(data);
    if (io.stdin.isTerminal) await io.stderr.write("one record a line; Ctrl-D ends\n");
    const record = checked(toRecord(topic), await codecOf(call, data, topic));
    let published = 0;
    try {
      const lots = readLines(io.stdin.stream(), { max: LINES_AT_ONCE, maxLength: LONGEST_LINE, signal });
      for await (const lot of lots) {
        const { records, failed } = upToTheFirstWrong(lot, record);
        if (records.length > 0) {
          await refuseWhereFull(data);
          await data.local.send(records);
        }
        published += records.length;
        if (failed) throw failed;
      }
      signal.throwIfAborted();
    } finally {
      await io.stderr.write(`published ${plural(published, "record")} to ${topic}\n`);
    }
  },
};

async function findTopic({ local }: OpenData, topic: string): Promise<TopicDescription | undefined> {
  const [found] = await local.topics.describe([topic]);
  return found;
}

/** Makes a topic that no plugin declares. */
async function createTopic(
  { io }: Invocation,
  data: OpenData,
  { name, partitions = 1 }: { name: string; partitions?: number },
): Promise<TopicDescription | undefined> {
  const { kafkaSettingsOf } = await import("../plugin/kafka_settings_of.ts");
  await data.local.topics.apply([{ name, partitions }]);
  const remark = kafkaSettingsOf({ kafka: data.config.host.kafka }) === undefined
    ? ""
    : "; no plugin declares it, so it stays in this file and does not go to Kafka";
  await io.stderr.write(`created ${name} with ${plural(partitions, "partition")}${remark}\n`);
  return await findTopic(data, name);
}

/** What the values of a topic are, and what is taken out of them. */
interface Values {
  codec: TopicCodec;
  redaction: Redaction;
}

/** The codec of the topic of that real name. */
async function codecOf(call: Invocation, { config }: OpenData, topic: string): Promise<Values> {
  const { declaredValues } = await import("./make_host.ts");
  const { topicCodecs } = await import("../bus/topic_codecs.ts");
  const values = declaredValues(call, config).filter(([name]) =>
    (config.host.topics[name]?.name ?? name) === topic
  );
  const { redactionOf } = await import("./redaction_of.ts");
  const redaction = await redactionOf(config);
  return { codec: (await topicCodecs(values, redaction)).of(values[0]?.[0] ?? topic), redaction };
}

/** The record of a line whose value its topic takes, redacted. */
function checked(
  record: (line: Line) => OutgoingRecord,
  { codec, redaction }: Values,
): (line: Line) => OutgoingRecord {
  return (line) => {
    const plain = record(line);
    const made = redaction.on
      ? redactEnds({ ...plain, value: codec.redacted(plain.value) }, redaction)
      : plain;
    const fault = made.value ? codec.faultOf(made.value) : undefined;
    if (fault !== undefined) throw new Error(`Cannot publish line ${line.number} to ${made.topic}: ${fault}`);
    return made;
  };
}

/** What is published by hand obeys the same limits as what plugins publish. */
async function refuseWhereFull({ store, local, config }: OpenData): Promise<void> {
  const { storageState } = await import("../plugin/storage_state.ts");
  const { diskSpace } = await import("../store/disk_space.ts");
  const { accepting, reason } = storageState({
    free: await diskSpace(store.file),
    minFreeDisk: config.host.store.min_free_disk,
    logBytes: local.bytes(),
    maxLogBytes: config.host.log.max_bytes,
  });
  if (!accepting) throw new StoreError("full", `Cannot publish: ${reason}`);
}

/** A wrong line stops the command, but what stands before it is published. */
function upToTheFirstWrong(
  lines: readonly Line[],
  record: (line: Line) => OutgoingRecord,
): { records: OutgoingRecord[]; failed?: unknown } {
  const records: OutgoingRecord[] = [];
  for (const line of lines) {
    try {
      records.push(record(line));
    } catch (failed) {
      return { records, failed };
    }
  }
  return { records };
}
