import { type LineRedaction, type LogLine, NOTHING_MORE } from "./log_line.ts";
import { errorChain, toPlain } from "./plain.ts";
import { isSecretName, maskSecrets } from "./redact.ts";

/** `2025-01-31T09:30:00.123Z INFO  relay    Kafka is back. lag=12`: one line, whatever the values hold. */
export function formatText(line: LogLine): string {
  const { component, ...fields } = line.fields;
  const { redact = NOTHING_MORE } = line;
  const parts = [
    new Date(line.time).toISOString(),
    line.level.toUpperCase().padEnd(5),
    ...(component === undefined ? [] : [text(component, redact)]),
    oneLine(redact.text(maskSecrets(line.message))),
  ];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) {
      parts.push(`${name}=${isSecretName(name) && hidden(value) ? "***" : text(value, redact)}`);
    }
  }
  const stack = Object.values(fields).find((value) => value instanceof Error && isBug(value));
  if (stack instanceof Error && stack.stack) {
    parts.push(`stack=${JSON.stringify(redact.text(maskSecrets(stack.stack)))}`);
  }
  return parts.join(" ");
}

function hidden(value: unknown): boolean {
  return typeof value !== "number" && typeof value !== "boolean" && value !== null;
}

function isBug(error: Error): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}

function text(value: unknown, redact: LineRedaction): string {
  if (value instanceof Error) return quoted(redact.text(errorChain(value)));
  const plain = redact.value(toPlain(value));
  return quoted(typeof plain === "string" ? plain : JSON.stringify(plain) ?? String(plain));
}

function quoted(value: string): string {
  return value !== "" && !/[\s"=\p{Cc}]/u.test(value) ? value : JSON.stringify(value);
}

function oneLine(value: string): string {
  return value.replace(/\p{Cc}/gu, (control) => control === "\n" || control === "\t" ? " " : "");
}
