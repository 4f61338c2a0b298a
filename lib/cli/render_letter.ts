import type { BusRecord } from "../bus/contract.ts";
import { readJson } from "../json/read_json.ts";
import { plural, timeOf } from "./format.ts";
import { type Letter, placeOf, readLetter } from "./letter.ts";
import { oneLine, printable } from "./printable.ts";
import { jsonOf, textOf } from "./render_record.ts";
import type { Style } from "./style.ts";

/** Characters of a value that are shown. */
const SHOWN = 4_000;

/** A dead letter as one line of JSON: what `tail --json` says of it, and what its headers mean. */
export function letterAsJson(record: BusRecord): string {
  const letter = readLetter(record);
  const time = (ms: number | null) => ms === null ? null : new Date(ms).toISOString();
  const { topic, partition, offset, group, error, attempts, redriven } = letter;
  return JSON.stringify({
    letter: { topic: record.topic, partition: record.partition, offset: record.offset },
    from: { topic, partition, offset, timestamp: time(letter.written) },
    group,
    error,
    attempts,
    time: time(letter.at),
    redriven,
    ...jsonOf({ ...record, headers: letter.headers }),
  });
}

/** A dead letter for a person. */
export function letterAsText(record: BusRecord, style: Style): string {
  const letter = readLetter(record);
  const lines = [
    ["from", fromText(letter)],
    ...letter.written === null ? [] : [["written", timeOf(letter.written)]],
    ["given up", givenUpText(letter)],
    ["error", style.red(letter.error === null ? "(no reason given)" : indented(printable(letter.error)))],
    ["key", record.key === null ? style.dim("(none)") : oneLine(textOf(record.key) ?? record.key.toBase64())],
    ...letter.headers.map(([name, value]) => [
      "header",
      `${oneLine(name)}: ${oneLine(textOf(value) ?? value.toBase64())}`,
    ]),
    ["value", record.value === null ? style.dim("(tombstone)") : indented(valueText(record.value))],
  ];
  const head = `${style.bold(`${record.topic} ${placeOf(record)}`)}\n`;
  return head + lines.map(([name = "", text = ""]) => `  ${style.dim(name.padEnd(8))}  ${text}\n`).join("");
}

function fromText({ topic, partition, offset }: Letter): string {
  return partition === null || offset === null ? topic : `${topic} ${placeOf({ partition, offset })}`;
}

function givenUpText({ at, attempts, group, redriven }: Letter): string {
  return timeOf(at) + (group === null ? "" : ` by ${oneLine(group)}`) +
    (attempts === null ? "" : ` after ${plural(attempts, "attempt")}`) +
    (redriven === 0 ? "" : `, redriven ${redriven === 1 ? "once" : `${redriven} times`} before`);
}

/** JSON on several lines, other text as it is, other bytes as base64. */
function valueText(bytes: Uint8Array): string {
  const text = textOf(bytes);
  if (text === undefined) {
    return `(${plural(bytes.length, "byte")}) ${cut(bytes.subarray(0, SHOWN).toBase64())}`;
  }
  try {
    return cut(printable(JSON.stringify(readJson(text), null, 2)));
  } catch {
    return cut(printable(text)); // text of another kind is shown as it is
  }
}

function cut(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (cut; --json shows all)`;
}

function indented(text: string): string {
  return text.replaceAll("\n", `\n${" ".repeat(12)}`);
}
