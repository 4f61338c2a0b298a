import type { CommandCall, PluginCommand, Reader } from "capstan";
import { readJson } from "capstan/json";
import type { TurnSpan } from "../events/traces.ts";
import { conversationTo } from "../export/conversation.ts";
import { dpoLines, EXPORT_FORMATS, jsonlLine, type JudgedTurn, sftLine } from "../export/lines.ts";
import type { FeedbackEvent } from "../feedback/joined_rows.ts";
import { signal } from "../feedback/signal.ts";
import type { Settings } from "../settings.ts";

/** Feedback read at once. */
const PAGE = 200;

/** `capstan insights export`: a preference or fine-tuning set, of feedback that was joined. */
export function exportCommand({ source }: Pick<Settings, "source">): PluginCommand {
  return {
    path: "insights export",
    doc:
      "Write a preference or fine-tuning set of judged answers to standard output, one JSON object a line.",
    options: [
      { flags: "--format <name>", doc: `One of ${EXPORT_FORMATS.join(", ")}.`, default: "jsonl" },
      { flags: "--tenant <name>", doc: "Of this tenant alone." },
      { flags: "--model <name>", doc: "Of answers of this model alone." },
    ],
    examples: [
      "capstan insights export --format sft > train.jsonl",
      "capstan insights export --format openai-dpo --tenant acme > pairs.jsonl",
    ],
    run: (call) => write(call, source),
  };
}

interface Row {
  part: number;
  tenant: string;
  event_id: string;
  event: string;
  span: string;
}

async function write(call: CommandCall, source: string): Promise<number> {
  const format = EXPORT_FORMATS.find((each) => each === call.options.format);
  if (format === undefined) {
    await call.stderr.write(
      `Cannot export as ${call.options.format}: there is no such format; use ${EXPORT_FORMATS.join(", ")}\n`,
    );
    return 2;
  }
  const judged: JudgedTurn[] = [];
  let lines = 0, missing = 0;
  const put = async (line: Record<string, unknown> | undefined) => {
    if (line === undefined) return;
    lines++;
    await call.stdout.write(`${JSON.stringify(line)}\n`);
  };
  {
    await using progress = call.progress();
    const { total, ledger } = call.store.read((db) => ({ total: count(db), ledger: hasLedger(db) }));
    let done = 0;
    for (const rows of pages(call)) {
      for (const row of rows) {
        done++;
        const found = call.store.read((db) => judgedTurn(db, row, { source, ledger }));
        if (!wanted(found, call.options)) continue;
        if (found.conversation === undefined) missing++;
        else if (format === "openai-dpo") judged.push({ ...found, conversation: found.conversation });
        else await put(lineOf(format, { ...found, conversation: found.conversation }));
      }
      await progress.show({ what: "exporting", done, total });
      call.signal.throwIfAborted();
    }
  }
  for (const line of dpoLines(judged)) await put(line);
  const left = missing === 0 ? "" : `; ${missing} left out, because this file does not have their messages`;
  await call.stderr.write(`${lines} written${left}\n`);
  return 0;
}

function lineOf(format: "jsonl" | "sft", judged: JudgedTurn): Record<string, unknown> | undefined {
  return format === "jsonl" ? jsonlLine(judged) : sftLine(judged);
}

const JOINED = "FROM insights_feedback f JOIN insights_turns t USING (part, tenant, turn_id)";

function count(db: Reader): number {
  return db.get<{ n: number }>(`SELECT count(*) AS n ${JOINED}`)?.n ?? 0;
}

/** Whether the tapes plugin has run on this file. */
function hasLedger(db: Reader): boolean {
  return db.get("SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = 'tapes_nodes_v1'") !== undefined;
}

function* pages(call: CommandCall): Generator<Row[]> {
  let after: [number, string, string] = [-1, "", ""];
  for (;;) {
    const rows = call.store.read((db) =>
      db.all<Row>(
        `SELECT f.part, f.tenant, f.event_id, f.event, t.span ${JOINED} ` +
          "WHERE (f.part, f.tenant, f.event_id) > (?, ?, ?) ORDER BY f.part, f.tenant, f.event_id LIMIT ?",
        ...after,
        PAGE,
      )
    );
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = [last.part, last.tenant, last.event_id];
  }
}

type Found = Omit<JudgedTurn, "conversation"> & { conversation: JudgedTurn["conversation"] | undefined };

function judgedTurn(db: Reader, row: Row, { source, ledger }: { source: string; ledger: boolean }): Found {
  const span = readJson(row.span) as TurnSpan;
  const { data, tenant_id, timestamp } = signal(readJson(row.event) as FeedbackEvent, span, source);
  const answerHash = data.answer_hash;
  return {
    signal: { ...data, tenant_id, timestamp },
    conversation: answerHash === undefined || !ledger
      ? undefined
      : conversationTo(db, { answerHash, turnId: data.turn_id }),
  };
}

function wanted({ signal }: Found, { tenant, model }: CommandCall["options"]): boolean {
  return (tenant === undefined || signal.tenant_id === tenant) &&
    (model === undefined || signal.model === model);
}
