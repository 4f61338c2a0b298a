import process from "node:process";
import { createInterface } from "node:readline";
import type { CommandCall, PluginCommand, Redaction } from "capstan";
import type { Entry } from "../intake/entry.ts";
import { readEntries } from "../intake/read_entries.ts";
import { parseLines } from "../intake/read_items.ts";
import { entryRecord } from "../intake/entry_record.ts";
import { closeInputs } from "../intake/seal_inputs.ts";
import type { Keyring } from "../seal/keyring.ts";
import type { MasterKeyPlace } from "../seal/master_keys.ts";
import { openKeyring } from "../seal/open_keyring.ts";
import { INTAKE_TOPIC } from "../trail/topics.ts";
import { NO_TENANT } from "../trail/turn_record.ts";

/**
 * Lines that become durable together, and their characters: few enough that the trail enters them as they are, and so in
 * their order. What it enters in parts comes behind what was taken next.
 */
const CHUNK = { lines: 200, text: 128 * 1024 };

/** `capstan audit log`: what `POST /v1/audit` does, from the command line. */
export function logCommand(place: MasterKeyPlace, redact: Redaction): PluginCommand {
  return {
    path: "audit log",
    doc: "Enter a call of a model in the trail; without flags, JSON lines from standard input.",
    options: [
      { flags: "--user <name>", doc: "Who asked." },
      { flags: "--model <name>", doc: "Which model answered." },
      { flags: "--prompt <text>", doc: "What was asked." },
      { flags: "--response <text>", doc: "What was answered." },
      { flags: "--request-id <id>", doc: "The call's id; the same id of a tenant counts once." },
      { flags: "--tenant <name>", doc: "Whose it is.", default: NO_TENANT },
      { flags: "--metadata <json>", doc: "Whatever else belongs to it, as a JSON object." },
      { flags: "--timestamp <time>", doc: "When it was, as RFC 3339. Default: now." },
    ],
    examples: [
      'capstan audit log --user ada --model gpt-4o --prompt "2+2?" --response 4',
      "capstan audit log < entries.jsonl",
    ],
    creates: true,
    async run(call) {
      const how = { keyring: await openKeyring(call.store, place), redact };
      const { user, model, prompt, response, requestId, metadata, timestamp } = call.options;
      const flags = [user, model, prompt, response, requestId, metadata, timestamp];
      if (flags.every((flag) => flag === undefined)) return await logLines(call, how);
      await enter(call, how, [{
        user_id: user,
        model,
        prompt,
        response,
        request_id: requestId,
        metadata: typeof metadata === "string" ? parseLines(metadata)[0] : undefined,
        timestamp_utc: timestamp,
      }]);
    },
  };
}

/** What entries are sealed with, and what is taken out of them before. */
interface How {
  keyring: Keyring;
  redact: Redaction;
}

async function logLines(call: CommandCall, how: How): Promise<void> {
  let chunk: unknown[] = [];
  let text = 0;
  const flush = async () => {
    if (chunk.length > 0) await enter(call, how, chunk);
    chunk = [];
    text = 0;
  };
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const entry = parseLines(line);
    if (text + line.length > CHUNK.text) await flush();
    chunk.push(...entry);
    text += line.length;
    if (chunk.length >= CHUNK.lines) await flush();
  }
  await flush();
}

async function enter(call: CommandCall, { keyring, redact }: How, items: readonly unknown[]): Promise<void> {
  const tenant = String(call.options.tenant ?? NO_TENANT);
  const entries: Entry[] = readEntries(items, { tenant, redact, now: Date.now() });
  await call.publish([{ topic: INTAKE_TOPIC, value: closeInputs(entries.map(entryRecord), keyring) }]);
  await call.stdout.write(entries.map(({ id }) => `${id}\n`).join(""));
}
