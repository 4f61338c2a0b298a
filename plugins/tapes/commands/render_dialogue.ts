import type { Line, Said } from "../ledger/dialogue.ts";
import type { Block } from "../turn.ts";
import { grouped, oneLine, paint, type Paper, placesOf, wrap } from "./text.ts";

/** How a dialogue is shown. */
export interface DialogueOptions {
  paper: Paper;
  /** Long tool results and system prompts are cut unless this is set. */
  full?: boolean;
}

/** Lines of a tool result or system prompt that are shown without `--full`. */
const SHOWN = 12;
/** Fields of a block that are shown as what they are; others are printed as JSON. */
const SHOWN_FIELDS = new Set([
  "type",
  "text",
  "tool_use_id",
  "tool_name",
  "tool_result_id",
  "tool_output",
  "is_error",
]);

type Colour = Parameters<typeof paint>[1];

class Page {
  readonly #lines: string[] = [];
  constructor(readonly options: DialogueOptions) {}

  /** What has no room in the line beside `text` goes on below. */
  head(text: string, aside: readonly string[], colour: Colour): void {
    const { paper } = this.options;
    if (this.#lines.length > 0) this.#lines.push("");
    const rows = [""];
    let left = paper.columns - placesOf(text);
    for (const part of aside) {
      if (left < placesOf(part) + 2) {
        rows.push("");
        left = paper.columns;
      }
      rows.push(`${rows.pop()}  ${part}`);
      left -= placesOf(part) + 2;
    }
    const [first = "", ...more] = rows.map((row) => paint(paper, "dim", row));
    this.#lines.push(paint(paper, "bold", paint(paper, colour, text)) + first, ...more);
  }

  text(text: string, { colour, cut = false }: { colour?: Colour; cut?: boolean } = {}): void {
    const { paper, full } = this.options;
    const lines = wrap(text, paper.columns - 2);
    const shown = cut && !full && lines.length > SHOWN ? lines.slice(0, SHOWN) : lines;
    for (const line of shown) {
      this.#lines.push(line === "" ? "" : `  ${colour ? paint(paper, colour, line) : line}`);
    }
    if (shown.length < lines.length) {
      this.#lines.push(
        paint(paper, "dim", `  … ${lines.length - shown.length} more lines; --full shows them`),
      );
    }
  }

  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    return value.map((part) =>
      typeof part === "object" && part !== null && "text" in part && typeof part.text === "string"
        ? part.text
        : JSON.stringify(part)
    ).join("\n");
  }
  return JSON.stringify(value) ?? "";
}

function further(block: Block): string {
  const rest = Object.entries(block).filter(([key]) => !SHOWN_FIELDS.has(key));
  return rest.length === 0 ? "" : JSON.stringify(Object.fromEntries(rest));
}

function image(block: Block): string {
  if (block.image_base64) {
    return `[image ${block.media_type ?? ""} ${
      grouped(Math.floor(block.image_base64.length * 3 / 4))
    } bytes]`;
  }
  return `[image ${oneLine(block.image_url ?? "", 80)}]`;
}

function toolUse(page: Page, block: Block): void {
  const input = block.tool_input === undefined ? further(block) : JSON.stringify(block.tool_input);
  page.text(`→ ${block.tool_name ?? "tool"}(${input})`, { colour: "cyan", cut: true });
}

function showBlock(page: Page, block: Block): void {
  if (block.type === "text") {
    page.text(block.text ?? "");
  } else if (block.type === "tool_use") {
    toolUse(page, block);
  } else if (block.type === "tool_result") {
    const mark = block.is_error ? "✗" : "←";
    page.text(`${mark} ${block.tool_output ?? further(block)}`, {
      colour: block.is_error ? "red" : "green",
      cut: true,
    });
  } else if (block.type === "image") {
    page.text(image(block), { colour: "dim" });
  } else if (/thinking|reasoning/.test(block.type)) {
    const thought = Object.entries(block).filter(([key]) => key !== "type" && key !== "signature");
    page.text(`(${block.type}) ${thought.map(([, value]) => text(value)).join("\n")}`, { colour: "dim" });
  } else {
    page.text(`[${block.type}] ${block.text ?? further(block)}`, { colour: "dim", cut: true });
  }
}

const COLOURS: Readonly<Record<string, Colour>> = { user: "green", assistant: "cyan", tool: "yellow" };

function showMessage(page: Page, message: Said): void {
  const { role, model, hash, time, usage, stop_reason: stop } = message;
  const tokens = usage?.total_tokens === undefined ? "" : `${grouped(usage.total_tokens)} tokens`;
  const ended = stop === undefined || stop === "stop" || stop === "end_turn" ? "" : stop;
  const who = role === "assistant" ? model : "";
  const aside = [who, time.slice(0, 19), hash.slice(0, 10), tokens, ended].filter((part) => part !== "");
  page.head(role || "(no role)", aside, COLOURS[role] ?? "yellow");
  const blocks = message.content ?? [];
  if (blocks.length === 0) page.text("(nothing)", { colour: "dim" });
  for (const block of blocks) showBlock(page, block);
}

/** A conversation for a person: roles, text wrapped to the paper, tools, thinking dimmed. */
export function renderDialogue(lines: readonly Line[], options: DialogueOptions): string {
  const page = new Page(options);
  for (const line of lines) {
    if (line.kind === "message") {
      showMessage(page, line);
    } else if (line.kind === "system") {
      page.head("system", [line.hash.slice(0, 10)], "yellow");
      page.text(text(line.content), { colour: "dim", cut: true });
    } else {
      const at = new Date(line.started_at).toISOString().slice(0, 19).replace("T", " ");
      const status = line.status === null ? line.outcome : `status ${line.status}`;
      page.head(`no answer recorded: ${line.reason}`, [at, status, line.call_id], "red");
      if (line.preview !== null) page.text(line.preview);
      if (line.detail !== null) page.text(line.detail, { colour: "red", cut: true });
    }
  }
  return page.toString();
}
