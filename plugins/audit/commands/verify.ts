import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import type { CommandCall, PluginCommand, Progress, Reader } from "capstan";
import type { Settings } from "../settings.ts";
import { checkpointTopic } from "../trail/topics.ts";
import type { NoteVerifier } from "../tree/note_keys.ts";
import { EXPORT_HEADER } from "../verify/export_format.ts";
import { exportItems } from "../verify/export_source.ts";
import { looksLikeExport } from "../verify/looks_like_export.ts";
import { renderReport } from "../verify/render_report.ts";
import type { VerifyReport } from "../verify/report.ts";
import { storedTrail } from "../verify/store_source.ts";
import { topicItems } from "../verify/topic_source.ts";
import { splitNotes } from "../verify/split_notes.ts";
import { readAhead } from "../verify/threads/read_ahead.ts";
import { TrailVerifier } from "../verify/trail_verifier.ts";
import { TreeRows } from "../verify/tree_rows.ts";
import { keysOf, valuesOf } from "./key_options.ts";
import { UsageError, withUsage } from "./usage_error.ts";

/** Bytes by which an export is told from another file. */
const BEGINNING = 1024 * 1024;

/** `capstan audit verify`. */
export function verifyCommand(settings: Pick<Settings, "topic">): PluginCommand {
  return {
    path: "audit verify",
    doc: "Check the trail with the public key alone: records, chain, tree and signed checkpoints.",
    options: [
      { flags: "--key <key...>", doc: "Public key, name+id+base64, or a file of them; one for each writer." },
      {
        flags: "--checkpoint <file...>",
        doc: "A checkpoint kept elsewhere, which the trail must go on from.",
      },
      { flags: "--export <file>", doc: "Check this export instead of the agent's file." },
      { flags: "--store <file>", doc: "Check this SQLite file instead of the agent's, reading only." },
      { flags: "--topic", doc: "Check the topics instead: on Kafka where it is the bus, with all writers." },
      { flags: "--json", doc: "The report as JSON." },
    ],
    examples: [
      "capstan audit verify --key trail.vkey",
      "capstan audit verify --key trail.vkey --checkpoint /mnt/safe/checkpoint --json",
      "capstan audit verify --key trail.vkey --export trail.jsonl",
    ],
    withoutFile: ["export", "store"],
    run: (call) =>
      withUsage(call.stderr, async () => {
        const report = await verify(call, settings);
        const text = call.options.json ? `${JSON.stringify(report)}\n` : renderReport(report);
        await call.stdout.write(text);
        return report.sound ? 0 : 1;
      }),
  };
}

/** Verifies what the options name. */
async function verify(call: CommandCall, settings: Pick<Settings, "topic">): Promise<VerifyReport> {
  const { options } = call;
  const sources = ["export", "store", "topic"].filter((name) => options[name] !== undefined);
  if (sources.length > 1) {
    throw new UsageError(`Cannot verify both --${sources.join(" and --")}: give one of them`);
  }
  const keys = await keysOf(options.key);
  const elsewhere = (await Promise.all(valuesOf(options.checkpoint).map(notesOf))).flat();
  const start = (verifier: TrailVerifier) => {
    for (const { where, note } of elsewhere) {
      verifier.add({ type: "checkpoint", note, where, elsewhere: true });
    }
    return verifier;
  };
  await using progress = call.progress();
  const run = { signal: call.signal, progress, keys, start };
  if (typeof options.export === "string") return await verifyExport(options.export, run);
  if (options.topic === true) return await verifyTopics(call, settings, run);
  if (typeof options.store !== "string") {
    return await verifyStore((work) => call.store.read(work), { ...run, name: "the agent's file" });
  }
  await using file = await call.openFile(options.store);
  return await verifyStore((work) => file.read(work), { ...run, name: options.store });
}

interface Run {
  signal: AbortSignal;
  progress: Progress;
  keys: readonly NoteVerifier[];
  start(verifier: TrailVerifier): TrailVerifier;
}

/** `name`: of the file, for a person. */
async function verifyStore(
  read: <T>(work: (db: Reader) => T) => T,
  run: Run & { name: string },
): Promise<VerifyReport> {
  const trail = hasTrail(read) ? storedTrail(read) : undefined;
  if (!trail?.records) {
    throw new Error(
      `Cannot verify ${run.name}: no record of a trail is in it; give the file of an agent with ` +
        "[plugins.audit] enabled = true",
    );
  }
  const rows = new TreeRows(read);
  const verifier = run.start(
    new TrailVerifier({ keys: run.keys, writer: trail.writer, stored: (subtree) => rows.take(subtree) }),
  );
  let done = 0;
  for await (const batch of readAhead(trail.items())) {
    batch.forEach((item) => verifier.add(item));
    done += batch.filter(({ type }) => type === "record").length;
    await step(run, done, trail.records);
  }
  return verifier.finish();
}

function hasTrail(read: <T>(work: (db: Reader) => T) => T): boolean {
  return read((db) => db.get("SELECT 1 FROM sqlite_schema WHERE name = 'audit_writer'")) !== undefined;
}

async function verifyExport(path: string, run: Run): Promise<VerifyReport> {
  const total = await stat(path).then(({ size }) => size, (cause) => {
    throw new UsageError(`Cannot verify ${path}: it can't be read; give an export of the trail`, { cause });
  });
  const verifier = run.start(new TrailVerifier({ keys: run.keys }));
  if (!looksLikeExport(await beginningOf(path))) {
    throw new UsageError(
      `Cannot verify ${path}: it is no export of a trail, which begins with ${EXPORT_HEADER.trimEnd()}; give what ` +
        "capstan audit export wrote as jsonl",
    );
  }
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  for await (const batch of readAhead(exportItems(file, run.keys))) {
    batch.forEach((item) => verifier.add(item));
    await step(run, file.bytesRead, total);
  }
  return verifier.finish();
}

async function beginningOf(path: string): Promise<Uint8Array> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(BEGINNING), 0, BEGINNING, 0);
  return buffer.subarray(0, bytesRead);
}

async function verifyTopics(
  { records }: CommandCall,
  settings: Pick<Settings, "topic">,
  run: Run,
): Promise<VerifyReport> {
  const verifier = run.start(new TrailVerifier({ keys: run.keys }));
  const trail = {
    records: records(settings.topic, { from: "bus" }),
    checkpoints: records(checkpointTopic(settings), { from: "bus" }),
  };
  let done = 0;
  for await (const batch of readAhead(topicItems(trail))) {
    batch.forEach((item) => verifier.add(item));
    await step(run, done += batch.length);
  }
  return verifier.finish();
}

async function step({ signal, progress }: Run, done: number, total?: number): Promise<void> {
  signal.throwIfAborted();
  await progress.show({ what: "verifying", done, total });
}

/** The checkpoints of a file: one, or several with an empty line behind each. */
async function notesOf(path: string): Promise<{ where: string; note: string }[]> {
  try {
    const text = await readFile(path, "utf8");
    const notes = splitNotes(text);
    return notes.map((note, at) => ({ where: notes.length > 1 ? `${path}, the ${at + 1}.` : path, note }));
  } catch (cause) {
    throw new UsageError(`Cannot verify against ${path}: it can't be read; give a file with checkpoints`, {
      cause,
    });
  }
}
