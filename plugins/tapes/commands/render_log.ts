import type { ConversationSummary } from "../ledger/conversations.ts";
import { grouped, oneLine, paint, type Paper, placesOf } from "./text.ts";

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
/** The columns that are cut where a line has no room, the first one first, and how far. */
const CUT: readonly (readonly [column: number, least: number])[] = [[2, 12], [1, 8], [2, 8]];
const CONVERSATION = 5;

/** Conversations as a table, the newest first, with the first words of each as far as the line goes. */
export function renderLog(summaries: readonly ConversationSummary[], paper: Paper): string {
  const rows = [HEAD, ...summaries.map(row)];
  const widths = HEAD.map((_, at) => Math.max(...rows.map((cells) => placesOf(cells[at] ?? ""))));
  const over = () => widths.reduce((sum, width) => sum + width + 2, -2) - paper.room;
  const cut = () => {
    for (const [at, least] of CUT) {
      const width = widths[at] ?? 0;
      widths[at] = Math.max(Math.min(width, least), width - Math.max(0, over()));
    }
  };
  const natural = [...widths];
  cut();
  // On a narrow terminal the id stands before the words.
  const below = over() > 0;
  if (below) {
    widths.splice(0, widths.length, ...natural.slice(0, CONVERSATION));
    cut();
  }
  return rows.map((cells, line) => {
    const columns = widths.map((width, at) => {
      const cell = oneLine(cells[at] ?? "", width);
      const blanks = " ".repeat(width - placesOf(cell));
      return RIGHT.has(at) ? blanks + cell : cell + blanks;
    });
    const text = columns.join("  ").trimEnd();
    const id = below ? cells[CONVERSATION] ?? "" : "";
    if (line === 0) return `${paint(paper, "bold", below ? `${text}\n  ${id}` : text)}\n`;
    const room = paper.columns - 2 - (below ? placesOf(id) + 2 : 0);
    const words = oneLine(summaries[line - 1]?.preview ?? "", room);
    const more = [id, words && paint(paper, "dim", words)].filter((part) => part !== "").join("  ");
    return `${text}\n${more ? `  ${more}\n` : ""}`;
  }).join("");
}
