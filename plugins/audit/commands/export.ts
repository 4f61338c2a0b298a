import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import type { CommandCall, PluginCommand, Redaction } from "capstan";
import { currentSigner } from "../checkpoints/checkpointer.ts";
import { makeCheckpoint, storeCheckpoint } from "../checkpoints/make_checkpoint.ts";
import { cloudEventLine } from "../export/cloud_events.ts";
import { CSV_HEADER, csvLine } from "../export/csv.ts";
import { ocsfLine } from "../export/ocsf.ts";
import { trailLines } from "../export/trail_lines.ts";
import { accessRecord } from "../search/access_record.ts";
import { type OpenedRecord, openedRecords, type OpenOptions } from "../search/opened_records.ts";
import { type Selection, selectionOf, type Wanted } from "../search/selection.ts";
import type { Keyring } from "../seal/keyring.ts";
import { openKeyring } from "../seal/open_keyring.ts";
import type { Settings } from "../settings.ts";
import { appendRecords } from "../trail/append_records.ts";
import { checkpointTopic } from "../trail/topics.ts";
import type { KeptCheckpoint } from "../verify/make_proof.ts";
import { cliActor } from "./actor.ts";
import { UsageError, withUsage } from "./usage_error.ts";
import { namesOf, WANTED_OPTIONS, wantedOf } from "./wanted_options.ts";

const LINES: Readonly<Record<string, (record: OpenedRecord) => string>> = {
  ocsf: ocsfLine,
  cloudevents: cloudEventLine,
  csv: csvLine,
};
const FORMATS = ["jsonl", ...Object.keys(LINES)];
/** Lines between two looks at the clock and at Ctrl-C. */
const STEP = 200;

type ExportSettings = Pick<Settings, "folder" | "master_key" | "topic">;

/** `capstan audit export`. */
export function exportCommand(settings: ExportSettings, redact: Redaction): PluginCommand {
  return {
    path: "audit export",
    doc: "Write records of the trail, opened where their keys are there; who did so is entered in the trail.",
    options: [
      ...WANTED_OPTIONS,
      {
        flags: "--format <name>",
        doc: `One of ${FORMATS.join(", ")}; jsonl is verified by audit verify.`,
        default: "jsonl",
      },
      { flags: "--sealed", doc: "Leave contents sealed." },
      {
        flags: "--out <file>",
        doc: "Write it there; of a format other than jsonl what verifies it is written to FILE.trail.jsonl.",
      },
    ],
    examples: [
      "capstan audit export --out trail.jsonl",
      "capstan audit export --user ada --from 2026-01-01 --format csv --out ada.csv",
    ],
    run: (call) => withUsage(call.stderr, () => exportTrail(call, settings, redact)),
  };
}

async function exportTrail(call: CommandCall, settings: ExportSettings, redact: Redaction): Promise<number> {
  const { options, store } = call;
  const { format = "jsonl", out } = options;
  if (typeof format !== "string" || !FORMATS.includes(format)) {
    throw new UsageError(`Cannot export as ${format}: give --format ${FORMATS.join(", ")}`);
  }
  const wanted = wantedOf(call);
  const keyring = await openKeyring(store, settings);
  const selection = store.read((db) => selectionOf(db, wanted, { keyring, names: namesOf(redact) }));
  const { under, records } = await enter(call, { settings, keyring, wanted, selection, format });
  const isPicked = selection.params.length > 0;
  const opening: OpenOptions = {
    read: (work) => store.read(work),
    selection,
    ...(options.sealed !== true && { keyring }),
  };
  const trail = (from: OpenOptions) => trailLines({ ...from, ...(isPicked && { under }) });
  const total = { records, what: "exporting" };
  if (format === "jsonl") await write(call, trail(opening), { out, ...total });
  else {
    await write(call, formatted(opening, format), { out, ...total });
    const { keyring: _, ...sealed } = opening;
    if (typeof out === "string") {
      await write(call, trail(sealed), { out: `${out}.trail.jsonl`, records, what: "writing proofs" });
    }
  }
  return 0;
}

interface Entering {
  settings: ExportSettings;
  keyring: Keyring;
  wanted: Wanted;
  selection: Selection;
  format: string;
}

/** Enters that the trail is exported, before anything of it is written, and signs a checkpoint over all there is. */
async function enter(
  { store, commit, options }: CommandCall,
  { settings, keyring, wanted, selection, format }: Entering,
): Promise<{ under: KeptCheckpoint; records: number }> {
  const signer = await currentSigner(store, settings);
  let entered = { under: { size: 0, note: "" }, records: 0 };
  await commit((tx) => {
    const now = Date.now();
    const records = tx.get<{ n: number }>(
      `SELECT count(*) AS n FROM audit_records WHERE ${selection.where}`,
      ...selection.params,
    )?.n ?? 0;
    const record = accessRecord({
      action: "export",
      actor: cliActor(),
      wanted,
      subjects: selection.subjects,
      records,
      format,
      sealed: options.sealed === true,
    });
    const { requests } = appendRecords(tx, [record], { topic: settings.topic, keyring, now });
    const made = makeCheckpoint(tx, [signer]);
    storeCheckpoint(tx, made, now);
    entered = { under: made, records };
    return [...requests, { topic: checkpointTopic(settings), key: made.writer, value: made.note }];
  });
  return entered;
}

function* formatted(options: OpenOptions, format: string): Generator<string> {
  if (format === "csv") yield CSV_HEADER;
  const line = LINES[format];
  for (const record of openedRecords(options)) yield line?.(record) ?? "";
}

interface Target {
  out: string | boolean | undefined;
  records: number;
  what: string;
}

async function write(
  call: CommandCall,
  lines: Iterable<string>,
  { out, records, what }: Target,
): Promise<void> {
  const file = typeof out === "string" ? await openOutput(out) : undefined;
  const put = async (text: string) => {
    if (!file) await call.stdout.write(text);
    else if (!file.write(text)) await once(file, "drain");
  };
  await using progress = call.progress();
  let done = 0;
  let waiting = "";
  for (const line of lines) {
    waiting += line;
    if (++done % STEP !== 0 && waiting.length < 1 << 20) continue;
    call.signal.throwIfAborted();
    await put(waiting);
    waiting = "";
    await progress.show({ what, done, total: Math.max(records, done) });
  }
  await put(waiting);
  if (!file) return;
  file.end();
  await once(file, "close");
}

/** A file for its owner alone: it may hold what was said. */
async function openOutput(path: string): Promise<WriteStream> {
  const file = createWriteStream(path, { mode: 0o600 });
  try {
    await once(file, "open");
  } catch (cause) {
    throw new UsageError(`Cannot export to ${path}: it can't be written; give another file`, { cause });
  }
  return file;
}
