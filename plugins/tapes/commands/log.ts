import type { PluginCommand } from "capstan";
import type { ConversationFilter } from "../ledger/conversations.ts";
import { listConversations } from "../ledger/list_conversations.ts";
import { renderLog } from "./render_log.ts";
import { paperOf } from "./text.ts";

const FILTERS = ["agent", "model", "project", "tenant", "user"] as const;

function limitOf(value: unknown): number {
  const limit = Number(value);
  if (!Number.isInteger(limit) || limit < 1) {
    const text = `Cannot list ${String(value)} conversations: --limit takes a whole number from 1 on`;
    throw Object.assign(new RangeError(text), { exitCode: 2 });
  }
  return limit;
}

/** `capstan log`: conversations, newest first; those of tapes among them. */
export const logCommand: PluginCommand = {
  path: "log",
  doc: "List conversations, newest first.",
  options: [
    { flags: "-n, --limit <count>", doc: "Conversations at most.", default: "20" },
    { flags: "--agent <name>", doc: "Only turns of this agent." },
    { flags: "--model <name>", doc: "Only turns that asked for this model." },
    { flags: "--project <name>", doc: "Only turns of this project." },
    { flags: "--tenant <name>", doc: "Only turns of this tenant." },
    { flags: "--user <name>", doc: "Only turns of this user." },
    { flags: "--json", doc: "One JSON object a line." },
  ],
  examples: ["capstan log --agent claude", "capstan log --json --limit 100"],
  async run({ options, store, stdout, stderr }) {
    const filter: ConversationFilter = {};
    for (const name of FILTERS) {
      const value = options[name];
      if (typeof value === "string") filter[name] = value;
    }
    const limit = limitOf(options.limit);
    const found = store.read((db) => listConversations(db, { limit, filter }));
    if (options.json) await stdout.write(found.map((each) => `${JSON.stringify(each)}\n`).join(""));
    else if (found.length > 0) await stdout.write(renderLog(found, paperOf(stdout)));
    else {
      const filtered = Object.keys(filter).length > 0;
      await stderr.write(
        filtered ? "No conversation is of that kind.\n" : "No conversation is recorded yet.\n",
      );
    }
  },
};
