import { busSettings } from "./bus_settings.ts";
import type { CliCommand, Invocation } from "./command.ts";
import { aboutLetters } from "./dlq_options.ts";
import { UsageError } from "./exit.ts";
import { count, plural } from "./format.ts";
import { numberOption } from "./number_option.ts";
import { oneLine } from "./printable.ts";
import type { RedriveWhat } from "./redrive.ts";
import { textOf } from "./render_record.ts";
import { localFlag } from "./topics_options.ts";

/** `capstan dlq redrive` */
export const dlqRedrive: CliCommand = {
  path: "dlq redrive",
  doc: "Send dead letters back to the topics they came from",
  more: `${aboutLetters}\n\n` +
    "Keys choose the partition; a record without a key goes to the one it came from. Headers that say why it was given " +
    "up are taken off, and capstan.dlq.redriven counts how often it was sent back. Letters stay where they are until " +
    "they are purged or their time is over, and none is sent back twice: the consumer group capstan-dlq-redrive " +
    "remembers how far it is. (Kafka forgets groups that commit nothing for offsets.retention.minutes, seven days " +
    "unless told otherwise.) Every group of the topic gets the record again, not only the one that gave it up.",
  args: [{ name: "<topic>", doc: "name of the topic" }],
  options: [
    { flags: "-a, --all", doc: "all that have not been sent back" },
    { flags: "-o, --offset <number>", doc: "this letter alone" },
    { flags: "-p, --partition <number>", doc: "its partition of the dead-letter topic; default 0" },
    { flags: "-n, --max <count>", doc: "so many at most, the oldest first" },
    { flags: "--to <topic>", doc: "to this topic instead" },
    { flags: "--again", doc: "those that have been sent back before, too" },
    { flags: "--dry-run", doc: "say what would be sent, and send nothing" },
    localFlag,
  ],
  settings: busSettings,
  examples: [
    "capstan dlq redrive orders.v1 --all --dry-run",
    "capstan dlq redrive orders.v1 --offset 17",
  ],
  async run(call) {
    const { args: [given = ""], options, io, signal } = call;
    const what = whatOf(call);
    const dryRun = options.dryRun === true;
    const { openLetters } = await import("./open_letters.ts");
    const { redrive } = await import("./redrive.ts");
    await using open = await openLetters(call, { local: options.local === true, write: !dryRun });
    const topic = await open.topic(given);
    const sent = new Map<string, number>();
    let total = 0;
    try {
      const lots = redrive(open.bus, {
        topic,
        what,
        to: typeof options.to === "string" ? open.topicName(options.to) : undefined,
        again: options.again === true,
        dryRun,
        signal,
      });
      for await (const lot of lots) {
        for (const { letter, output } of lot) {
          sent.set(output.topic, (sent.get(output.topic) ?? 0) + 1);
          total++;
          if (!dryRun) continue;
          const key = output.key ? ` key ${oneLine(textOf(output.key) ?? output.key.toBase64())}` : "";
          await io.stdout.write(`${letter.partition}/${letter.offset} to ${output.topic}${key}\n`);
        }
      }
    } finally {
      const to = [...sent].map(([name, records]) => `${count(records)} to ${name}`).join(", ");
      const verb = dryRun ? "would send back" : "sent back";
      if (total > 0) await io.stderr.write(`${verb} ${plural(total, "record")}: ${to}\n`);
    }
    if (total > 0) return;
    const why = "offset" in what
      ? "it was sent back before"
      : "no letter is left that was not sent back before";
    await io.stderr.write(`nothing to send back: ${why}\n`);
  },
};

/** @throws {UsageError} it is not clear which letters are meant. */
function whatOf({ options }: Pick<Invocation, "options">): RedriveWhat {
  const offset = numberOption("--offset", options.offset, { min: 0 });
  const partition = numberOption("--partition", options.partition, { min: 0 });
  const max = numberOption("--max", options.max, { min: 1 });
  if (offset !== undefined) {
    if (options.all === true || max !== undefined) {
      throw new UsageError("Cannot use --offset with --all or --max: it names one letter");
    }
    return { partition: partition ?? 0, offset };
  }
  if (partition !== undefined) throw new UsageError("Cannot use --partition without --offset");
  if (options.all !== true && max === undefined) {
    throw new UsageError("Cannot redrive: say which letters, with --all, --max or --offset");
  }
  return { max: max ?? Infinity };
}
