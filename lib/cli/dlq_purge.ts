import type { BusDriver, TopicDescription } from "../bus/contract.ts";
import { parseDuration } from "../config/duration.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand, Invocation } from "./command.ts";
import { confirm } from "./confirm.ts";
import { aboutLetters } from "./dlq_options.ts";
import { EXIT, UsageError } from "./exit.ts";
import { count, plural, timeOf } from "./format.ts";
import { localFlag } from "./topics_options.ts";

/** `capstan dlq purge` */
export const dlqPurge: CliCommand = {
  path: "dlq purge",
  doc: "Remove dead letters for good",
  more: `${aboutLetters}\n\nOn a terminal it asks first; elsewhere it needs --yes.`,
  args: [{ name: "<topic>", doc: "name of the topic" }],
  options: [
    {
      flags: "--before <time>",
      doc: "those given up before: 2026-11-21, 2026-11-21T08:00:00Z, or so long ago: 12h, 30d",
    },
    { flags: "-a, --all", doc: "all of them" },
    { flags: "-y, --yes", doc: "do not ask" },
    localFlag,
  ],
  settings: busSettings,
  examples: ["capstan dlq purge orders.v1 --before 7d", "capstan dlq purge orders.v1 --all --yes"],
  async run(call) {
    const { args: [given = ""], options, io, signal } = call;
    const before = beforeOf(call);
    if (options.yes !== true && !io.stdin.isTerminal) {
      throw new UsageError("Cannot purge without being asked: this is no terminal; add --yes");
    }
    const { openLetters } = await import("./open_letters.ts");
    await using open = await openLetters(call, { local: options.local === true, write: true });
    const topic = await open.topic(given);
    const found = await findLetters(open.bus, topic, before, signal);
    if (found.letters === 0) {
      await io.stdout.write(`nothing to remove from ${topic.name}\n`);
      return EXIT.ok;
    }
    const when = before === Infinity ? "" : ` given up before ${timeOf(before)}`;
    const never = found.letters - found.redriven;
    const remark = never === 0 ? "" : `, ${count(never)} of them never sent back`;
    const question = `Remove ${
      plural(found.letters, "dead letter")
    } of ${topic.name}${when}${remark}? [y/N] `;
    if (options.yes !== true && !await confirm(call, question)) {
      await io.stdout.write("nothing was removed\n");
      return EXIT.failed;
    }
    for (const position of found.ends) await open.bus.topics.deleteRecords(position);
    await io.stdout.write(`removed ${plural(found.letters, "dead letter")} from ${topic.name}\n`);
    return EXIT.ok;
  },
};

/** Milliseconds since 1970; `Infinity` for all. */
function beforeOf({ options }: Pick<Invocation, "options">): number {
  const { before, all } = options;
  if ((before === undefined) === (all !== true)) {
    throw new UsageError("Cannot purge: say which letters, with --before or --all");
  }
  if (typeof before !== "string") return Infinity;
  const age = parseDuration(before);
  if (age !== undefined) return Date.now() - age;
  const time = /^\d{4}-\d{2}-\d{2}/.test(before) ? Date.parse(before) : NaN;
  if (Number.isNaN(time)) {
    throw new UsageError(
      `Cannot use --before "${before}": give a time as 2026-11-21 or 2026-11-21T08:00:00Z, or an age as 12h or 30d`,
    );
  }
  return time;
}

/** Letters at the beginning of each partition that were given up before a time. */
async function findLetters(
  bus: BusDriver,
  { name: topic, partitions }: TopicDescription,
  before: number,
  signal: AbortSignal,
) {
  const { readRange } = await import("./open_letters.ts");
  const { redrivenOf } = await import("../bus/stream/redriven.ts");
  const sentBack = await redrivenOf(bus, topic);
  const ends: { topic: string; partition: number; offset: number }[] = [];
  let letters = 0;
  let redriven = 0;
  for (const { partition, startOffset, endOffset } of partitions) {
    let end = before === Infinity ? endOffset : startOffset;
    const range = { topic, partition, from: startOffset, to: endOffset };
    reading: for await (const lot of readRange(bus, range, signal)) {
      for (const record of lot) {
        if (record.timestamp >= before) break reading;
        letters++;
        if (sentBack.has(record)) redriven++;
        end = Math.max(end, record.offset + 1);
      }
    }
    if (end > startOffset) ends.push({ topic, partition, offset: end });
  }
  return { letters, redriven, ends };
}
