import type { BusRecord, TopicDescription } from "../bus/contract.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand } from "./command.ts";
import { aboutLetters } from "./dlq_options.ts";
import { UsageError } from "./exit.ts";
import { plural } from "./format.ts";
import { numberOption } from "./number_option.ts";
import { letterAsJson, letterAsText } from "./render_letter.ts";
import { styleFor } from "./style.ts";
import { localFlag } from "./topics_options.ts";

/** Letters shown where nobody says how many. */
const SHOWN = 10;

/** `capstan dlq show` */
export const dlqShow: CliCommand = {
  path: "dlq show",
  doc: "Show dead letters: where they come from, why, and what is in them",
  more: `${aboutLetters}\n\nThe oldest come first.`,
  args: [{ name: "<topic>", doc: "name of the topic" }],
  options: [
    { flags: "-p, --partition <number>", doc: "those of this partition of the dead-letter topic" },
    { flags: "-o, --offset <number>", doc: "from this one on; alone unless --max is given" },
    { flags: "-n, --max <count>", doc: `so many at most; default ${SHOWN}` },
    localFlag,
    { flags: "-j, --json", doc: "one JSON object a line" },
  ],
  settings: busSettings,
  examples: ["capstan dlq show orders.v1", "capstan dlq show orders.v1 --offset 17 --json | jq .value"],
  async run(call) {
    const { args: [given = ""], options, io, signal } = call;
    const offset = numberOption("--offset", options.offset, { min: 0 });
    const max = numberOption("--max", options.max, { min: 1 }) ?? (offset === undefined ? SHOWN : 1);
    const partition = numberOption("--partition", options.partition, { min: 0 });
    const { openLetters, readRange } = await import("./open_letters.ts");
    await using open = await openLetters(call, { local: options.local === true, write: false });
    const topic = await open.topic(given);
    const style = styleFor(io.stdout);
    const text = options.json === true
      ? (record: BusRecord) => `${letterAsJson(record)}\n`
      : (record: BusRecord, nth: number) => (nth === 0 ? "" : "\n") + letterAsText(record, style);
    let shown = 0;
    let left = 0;
    for (const at of partitionsOf(topic, { partition, offset })) {
      let next = Math.max(at.startOffset, offset ?? 0);
      const range = { topic: topic.name, partition: at.partition, from: next, to: at.endOffset };
      for await (const lot of shown < max ? readRange(open.bus, range, signal) : []) {
        const taken = lot.slice(0, max - shown);
        await io.stdout.write(taken.map((record, nth) => text(record, shown + nth)).join(""));
        shown += taken.length;
        next = (taken.at(-1)?.offset ?? next) + 1;
        if (shown === max) break;
      }
      if (shown === max) left += Math.max(0, at.endOffset - next);
    }
    if (shown === 0 && offset !== undefined) {
      throw new Error(`Cannot show offset ${offset} of ${topic.name}: there is no letter from there on`);
    }
    if (options.json === true) return;
    if (shown === 0) await io.stdout.write(`no dead letters in ${topic.name}\n`);
    if (left > 0 && offset === undefined) {
      await io.stderr.write(`\n${plural(left, "letter")} more; --max shows them\n`);
    }
  },
};

/** @throws {UsageError} an offset lies in one of several partitions, and none is named. */
function partitionsOf(
  { name, partitions }: TopicDescription,
  { partition, offset }: { partition?: number; offset?: number },
): TopicDescription["partitions"] {
  if (partition === undefined) {
    if (offset !== undefined && partitions.length > 1) {
      throw new UsageError(
        `Cannot use --offset alone: ${name} has ${partitions.length} partitions; add --partition`,
      );
    }
    return partitions;
  }
  const found = partitions.filter((each) => each.partition === partition);
  if (found.length > 0) return found;
  throw new Error(
    `Cannot read partition ${partition} of ${name}: it has ${
      plural(partitions.length, "partition")
    }, counted from 0`,
  );
}
