import type { BusDriver, TopicDescription } from "../bus/contract.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand } from "./command.ts";
import { aboutLetters } from "./dlq_options.ts";
import { count, plural, timeOf } from "./format.ts";
import { readLetter } from "./letter.ts";
import { oneLine } from "./printable.ts";
import { type Style, styleFor } from "./style.ts";
import { table } from "./table.ts";
import { localFlag } from "./topics_options.ts";

/** Errors told apart for one topic; what differs in each letter must not fill the memory. */
const MOST_ERRORS = 1_000;
/** Errors shown for one topic. */
const SHOWN_ERRORS = 10;

/** A dead-letter topic in short; JSON. */
interface LettersOfTopic {
  topic: string;
  letters: number;
  /** How many have been sent back. */
  redriven: number;
  /** When the first and the last were given up; ISO 8601. */
  oldest: string | null;
  newest: string | null;
  /** Most frequent first. */
  errors: { error: string | null; letters: number }[];
}

/** `capstan dlq list` */
export const dlqList: CliCommand = {
  path: "dlq list",
  doc: "List dead letters by topic and error",
  more: aboutLetters,
  args: [{ name: "[topic]", doc: "this one alone" }],
  options: [localFlag, { flags: "-j, --json", doc: "as JSON" }],
  settings: busSettings,
  examples: ["capstan dlq list", "capstan dlq list orders.v1 --json | jq '.[].errors'"],
  async run(call) {
    const { args: [given], options, io, signal } = call;
    const { openLetters } = await import("./open_letters.ts");
    await using open = await openLetters(call, { local: options.local === true, write: false });
    const topics = given === undefined ? await open.topics() : [await open.topic(given)];
    const found: LettersOfTopic[] = [];
    for (const topic of topics) found.push(await lettersOf(open.bus, topic, signal));
    await io.stdout.write(
      options.json === true ? `${JSON.stringify(found, null, 2)}\n` : listText(found, styleFor(io.stdout)),
    );
  },
};

async function lettersOf(
  bus: BusDriver,
  { name, partitions }: TopicDescription,
  signal: AbortSignal,
): Promise<LettersOfTopic> {
  const { readRange } = await import("./open_letters.ts");
  const { redrivenOf } = await import("../bus/stream/redriven.ts");
  const sentBack = await redrivenOf(bus, name);
  const errors = new Map<string | null, number>();
  let [letters, redriven, oldest, newest] = [0, 0, Infinity, -Infinity];
  for (const { partition, startOffset, endOffset } of partitions) {
    const range = { topic: name, partition, from: startOffset, to: endOffset };
    for await (const lot of readRange(bus, range, signal)) {
      for (const record of lot) {
        const { error, at } = readLetter(record);
        letters++;
        if (sentBack.has(record)) redriven++;
        oldest = Math.min(oldest, at);
        newest = Math.max(newest, at);
        const key = errors.has(error) || errors.size < MOST_ERRORS ? error : "(others)";
        errors.set(key, (errors.get(key) ?? 0) + 1);
      }
    }
  }
  const time = (ms: number) => Number.isFinite(ms) ? new Date(ms).toISOString() : null;
  return {
    topic: name,
    letters,
    redriven,
    oldest: time(oldest),
    newest: time(newest),
    errors: [...errors].sort(([, a], [, b]) => b - a).map(([error, letters]) => ({ error, letters })),
  };
}

function listText(found: readonly LettersOfTopic[], style: Style): string {
  const some = found.filter(({ letters }) => letters > 0);
  const empty = found.length - some.length;
  if (some.length === 0) {
    const [only, ...others] = found;
    if (only && others.length === 0) return `no dead letters in ${only.topic}\n`;
    return empty === 0
      ? "there are no dead-letter topics yet\n"
      : `no dead letters in ${plural(empty, "topic")}\n`;
  }
  const when = (time: string | null) => time === null ? "" : timeOf(Date.parse(time));
  const rows = some.map(({ topic, letters, redriven, oldest, newest }) => [
    topic,
    count(letters),
    count(redriven),
    when(oldest),
    when(newest),
  ]);
  const errors = some.map(({ topic, errors }) => {
    const shown = errors.slice(0, SHOWN_ERRORS).map(({ error, letters }) => [
      count(letters),
      error === null ? style.dim("(no reason given)") : oneLine(error),
    ]);
    const more = errors.length - shown.length;
    return `\n${style.bold(topic)}\n${table(shown, { indent: 2, columns: style.columns })}` +
      (more > 0 ? `  ${style.dim(`and ${plural(more, "error")} more; --json lists them`)}\n` : "");
  });
  const rest = empty > 0 ? `\n${style.dim(`${plural(empty, "topic")} without dead letters`)}\n` : "";
  return table([["topic", "letters", "redriven", "oldest", "newest"], ...rows], { columns: style.columns }) +
    errors.join("") + rest;
}
