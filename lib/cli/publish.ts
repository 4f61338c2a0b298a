import type { OutgoingRecord } from "../bus/contract.ts";
import type { CliCommand } from "./command.ts";
import { StoreError } from "../store/error.ts";
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
    "agent (or `capstan outbox drain`) sends them on. Empty lines are left out.",
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
  ],
  examples: [
    'echo \'{"hello":"world"}\' | capstan publish greetings',
    "capstan publish greetings -K : < lines.txt",
  ],
  async run(call) {
    const { args: [name = ""], options, io, signal } = call;
    const partition = numberOption("--partition", options.partition, { min: 0 });
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
    const [known] = await data.local.topics.describe([topic]);
    if (!known) throw await unknownTopic(data.local, topic);
    if (partition !== undefined && partition >= known.partitions.length) {
      throw new Error(
        `Cannot publish to partition ${partition} of "${topic}": it has ${
          plural(known.partitions.length, "partition")
        }, counted from 0`,
      );
    }
    await refuseWhereFull(data);
    if (io.stdin.isTerminal) await io.stderr.write("one record a line; Ctrl-D ends\n");
    const record = toRecord(topic);
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
