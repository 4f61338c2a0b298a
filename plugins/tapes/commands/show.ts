import type { PluginCommand, Reader } from "capstan";
import { conversationLines, type Line, pathTo, turnLines } from "../ledger/dialogue.ts";
import { type Named, resolve } from "../ledger/resolve.ts";
import { turnOfCall } from "../ledger/turns.ts";
import { renderDialogue } from "./render_dialogue.ts";
import { paperOf } from "./text.ts";

/** The shortest beginning that is looked for. */
const SHORTEST = 4;

function linesOf(db: Reader, named: Named): Line[] {
  if (named.kind === "conversation") return conversationLines(db, named.id);
  if (named.kind === "node") return pathTo(db, named.id);
  const turn = named.kind === "turn" ? turnOfCall(db, named.id) : undefined;
  return turn === undefined ? [] : turnLines(db, turn);
}

/** `capstan show HASH`: a conversation, readable. */
export const showCommand: PluginCommand = {
  path: "show",
  args: [{
    name: "<hash>",
    doc: "A conversation, a turn (call id) or a node (hash), or a beginning only one has.",
  }],
  doc: "Show a conversation.",
  options: [
    { flags: "--full", doc: "Long tool results and system prompts are not cut." },
    { flags: "--json", doc: "One JSON object." },
  ],
  examples: ["capstan show 0198f3c2-7a10-7", "capstan show 645585399fe4 --json"],
  async run({ args, options, store, stdout }) {
    const id = args[0] ?? "";
    if (id.length < SHORTEST) throw new RangeError(`Cannot show ${id}: give at least ${SHORTEST} characters`);
    const { named, lines } = store.read((db) => {
      const named = resolve(db, id);
      return { named, lines: linesOf(db, named) };
    });
    if (named.kind === "none") {
      throw new Error(`Cannot show ${id}: nothing has this id; \`capstan log\` lists conversations`);
    }
    if (named.kind === "several") {
      throw new Error(`Cannot show ${id}: several ids begin so (${named.ids.join(", ")} …); give more of it`);
    }
    await stdout.write(
      options.json
        ? `${JSON.stringify({ kind: named.kind, id: named.id, lines })}\n`
        : renderDialogue(lines, { paper: paperOf(stdout), full: options.full === true }),
    );
  },
};
