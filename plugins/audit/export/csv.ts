import type { OpenedRecord } from "../search/opened_records.ts";

const COLUMNS = [
  "writer",
  "seq",
  "time",
  "kind",
  "tenant",
  "subject",
  "user",
  "model",
  "outcome",
  "status",
  "request_id",
  "prompt",
  "response",
  "erased",
  "facts",
  "hash",
  "prev",
] as const;

/** Cells that a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** The first line. */
export const CSV_HEADER = `${COLUMNS.join(",")}\r\n`;

/** A record as a line of RFC 4180. A text that begins as a formula gets an apostrophe in front. */
export function csvLine({ record, content, hash, erased }: OpenedRecord): string {
  const { writer, seq, time, kind, tenant, subject, facts, prev } = record;
  const values: Record<(typeof COLUMNS)[number], unknown> = {
    ...{ writer, seq, time, kind, tenant, subject, hash, prev },
    user: content?.user_id,
    model: content?.model ?? facts.answer_model ?? facts.model,
    outcome: facts.outcome,
    status: facts.status,
    request_id: content?.request_id ?? facts.turn ?? facts.id,
    prompt: content?.prompt,
    response: content?.response,
    erased: erased ? "erased" : "",
    facts: JSON.stringify(facts),
  };
  return `${COLUMNS.map((column) => cell(values[column])).join(",")}\r\n`;
}

function cell(value: unknown): string {
  const text = value === undefined || value === null ? "" : String(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
