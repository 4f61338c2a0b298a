import type { ConversationSummary } from "../ledger/conversations.ts";
import { grouped, oneLine, paint, type Paper } from "./text.ts";

/** Enough of an id or hash to be unique in practice: `show` takes beginnings. Sessions are shown in full. */
function shortId({ conversation: id, source }: ConversationSummary): string {
  if (source === "tapes") return id.slice(0, 16);
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/.test(id) ? id.slice(0, 23) : oneLine(id, 36);
}

function row(summary: ConversationSummary): string[] {
  const { ended_at, agent, model, total_tokens } = summary;
  return [
    new Date(ended_at).toISOString().slice(0, 16).replace("T", " "),
    oneLine(agent ?? "-", 16),
    oneLine(model ?? "-", 26),
    turnsOf(summary),
    grouped(total_tokens),
    shortId(summary),
  ];
}

function turnsOf({ source, turns, failed }: ConversationSummary): string {
  if (source === "tapes") return "none (tapes)";
  return failed > 0 ? `${turns} (${failed} failed)` : String(turns);
}

const HEAD = ["LAST TURN (UTC)", "AGENT", "MODEL", "TURNS", "TOKENS", "CONVERSATION"];
const RIGHT = new Set([4]);

/** Conversations as a table, the newest first, with the first words of each as far as the line goes. */
export function renderLog(summaries: readonly ConversationSummary[], paper: Paper): string {
  const rows = [HEAD, ...summaries.map(row)];
  const widths = HEAD.map((_, at) => Math.max(...rows.map((cells) => Array.from(cells[at] ?? "").length)));
  return rows.map((cells, line) => {
    const columns = cells.map((cell, at) => {
      const blanks = " ".repeat((widths[at] ?? 0) - Array.from(cell).length);
      return RIGHT.has(at) ? blanks + cell : cell + blanks;
    });
    const text = columns.join("  ").trimEnd();
    if (line === 0) return `${paint(paper, "bold", text)}\n`;
    const words = oneLine(summaries[line - 1]?.preview ?? "", paper.columns - 2);
    return `${text}\n${words ? `  ${paint(paper, "dim", words)}\n` : ""}`;
  }).join("");
}
