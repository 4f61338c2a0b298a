import type { CommandCall, PluginCommand, Redaction } from "capstan";
import { accessRecord } from "../search/access_record.ts";
import { findRecords } from "../search/find_records.ts";
import type { OpenedRecord } from "../search/opened_records.ts";
import { selectionOf } from "../search/selection.ts";
import { openKeyring } from "../seal/open_keyring.ts";
import type { Settings } from "../settings.ts";
import { appendRecords } from "../trail/append_records.ts";
import { cliActor } from "./actor.ts";
import { UsageError, withUsage } from "./usage_error.ts";
import { namesOf, WANTED_OPTIONS, wantedOf } from "./wanted_options.ts";

/** Characters of a line where no terminal says how many. */
const SHOWN = 160;

type SearchSettings = Pick<Settings, "folder" | "master_key" | "topic">;

/** `capstan audit search`. */
export function searchCommand(settings: SearchSettings, redact: Redaction): PluginCommand {
  return {
    path: "audit search",
    doc: "Find records, newest first; contents are opened for it. Who did so is entered in the trail.",
    args: [{ name: "[text]", doc: "A text in what was asked or answered, whatever its case." }],
    options: [
      ...WANTED_OPTIONS,
      { flags: "--model <name>", doc: "Of this model, asked or answering." },
      { flags: "--outcome <name>", doc: "With this outcome: complete, upstream-failed …" },
      { flags: "-n, --limit <count>", doc: "So many at most.", default: "50" },
      { flags: "--json", doc: "One JSON object a line, whole." },
    ],
    examples: ["capstan audit search refund --from 2026-01-01", "capstan audit search --user ada --json"],
    run: (call) => withUsage(call.stderr, () => search(call, settings, redact)),
  };
}

async function search(call: CommandCall, settings: SearchSettings, redact: Redaction): Promise<number> {
  const { store, commit, options, args: [text], stdout } = call;
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new UsageError(`Cannot find ${options.limit} records: --limit is a whole number from 1 on`);
  }
  const wanted = wantedOf(call);
  const keyring = await openKeyring(store, settings);
  const selection = store.read((db) => selectionOf(db, wanted, { keyring, names: namesOf(redact) }));
  const filter = {
    limit,
    ...(text !== undefined && { text }),
    ...(typeof options.model === "string" && { model: options.model }),
    ...(typeof options.outcome === "string" && { outcome: options.outcome }),
  };
  const found = await findRecords({ read: (work) => store.read(work), keyring, selection }, filter);
  await commit((tx) => {
    const record = accessRecord({
      action: "search",
      actor: cliActor(),
      wanted,
      subjects: selection.subjects,
      records: found.length,
      text: text !== undefined,
    });
    return appendRecords(tx, [record], { topic: settings.topic, keyring, now: Date.now() }).requests;
  });
  const columns = stdout.isTerminal ? stdout.columns : SHOWN;
  await stdout.write(found.map((each) => options.json ? jsonOf(each) : linesOf(each, columns)).join(""));
  return 0;
}

function jsonOf({ record, hash, content, erased }: OpenedRecord): string {
  return `${JSON.stringify({ record, hash, content, erased })}\n`;
}

/** A record: what it is, and below it the end of what was asked, where the question is, and the answer's beginning. */
function linesOf(
  { record: { seq, time, kind, facts }, content, erased }: OpenedRecord,
  columns: number,
): string {
  const room = columns - 2;
  const words = (text: string) => text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  const beginning = (text: string) => text.length > room ? `${text.slice(0, room - 1)}…` : text;
  const end = (text: string) => text.length > room ? `…${text.slice(1 - room)}` : text;
  const who = content ? [content.user_id, content.model].filter((part) => part !== "") : [];
  const said = content
    ? [end(words(content.prompt)), beginning(`→ ${words(content.response)}`)]
    : [beginning(erased ? "erased" : words(JSON.stringify(facts)))];
  return [[seq, time, kind, ...who].join("  "), ...said.map((line) => `  ${line}`)].join("\n") + "\n";
}
