import { type LogLine, NOTHING_MORE } from "./log_line.ts";
import { toPlain } from "./plain.ts";
import { maskSecrets } from "./redact.ts";

/** One JSON object: `time` (ISO 8601), `level`, `message`, then the fields; theirs never replace these. */
export function formatJson(line: LogLine): string {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(line.fields)) fields[name] = toPlain(value, name);
  const { redact = NOTHING_MORE } = line;
  const head = {
    time: new Date(line.time).toISOString(),
    level: line.level,
    message: redact.text(maskSecrets(line.message)),
  };
  return JSON.stringify(Object.assign({ ...head }, redact.value(fields), head));
}
