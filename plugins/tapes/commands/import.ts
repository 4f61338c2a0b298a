import { realpathSync } from "node:fs";
import type { CommandCall, PluginCommand, ReadOnlyFile, Redaction } from "capstan";
import { copyFacets, foreignFacets, hasFacets } from "./import_facets.ts";
import { checkTapesFile, foreignNodes, NodeImporter } from "./import_nodes.ts";
import { hasSecret } from "./has_secret.ts";
import { grouped } from "./text.ts";

/** Rows copied in one transaction. */
const BATCH = 500;

/** What an import did. */
export interface Imported {
  /** Nodes of the file that were looked at; those an earlier run had passed are not among them. */
  read: number;
  /** Nodes that were not stored before; each gave an event. */
  added: number;
  total: number;
  /** Rows of tapes' `facets` that were new, or newer than what was here. */
  facets: number;
}

/** Where an earlier import of this file ended: the row, and the node in it, so that another file of that name starts anew. */
function passed(call: Pick<CommandCall, "store">, file: ReadOnlyFile, source: string): number {
  const mark = call.store.read((db) =>
    db.get<{ last_rowid: number; last_hash: string }>(
      "SELECT last_rowid, last_hash FROM tapes_imports WHERE source = ?",
      source,
    )
  );
  if (mark === undefined) return 0;
  const node = file.read((db) =>
    db.get<{ hash: string }>("SELECT hash FROM nodes WHERE rowid = ?", mark.last_rowid)
  );
  return node?.hash === mark.last_hash ? mark.last_rowid : 0;
}

/** What importing needs of a command's call. */
type ImportCall = Pick<CommandCall, "store" | "commit" | "openFile" | "signal">;

/**
 * Copies the nodes and facets of another tapes file and publishes the nodes that are new. Goes on where an earlier run
 * ended.
 */
export async function importFile(
  call: ImportCall,
  path: string,
  options: { fromStart?: boolean; redact?: Redaction; report?(imported: Imported): Promise<void> } = {},
): Promise<Imported> {
  await using file = await call.openFile(path).catch((cause: unknown) => {
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot import ${path}: ${state}; give a SQLite file that tapes wrote`, { cause });
  });
  file.read((db) => checkTapesFile(db, path));
  if (options.redact?.on) await refuseSecrets(file, path, options.redact, call.signal);
  const source = realpathSync(path);
  const total = file.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM nodes")?.n ?? 0);
  const imported: Imported = { read: 0, added: 0, total, facets: 0 };
  const from = options.fromStart ? 0 : passed(call, file, source);
  try {
    await importNodes(call, file, { source, from, imported, report: options.report });
    if (file.read(hasFacets)) await importFacets(call, file, imported);
    return imported;
  } catch (cause) {
    if (call.signal.aborted) throw cause;
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `Cannot import the rest of ${path}: ${state}; ${imported.read} of its ${total} nodes were read in this run, ` +
        "and the next one goes on there",
      { cause },
    );
  }
}

/**
 * A node's hash is that of its text and of its parents: one whose text is redacted would be another, and so would all
 * behind it.
 * @throws {Error} something in the file would be redacted; nothing of it is imported.
 */
async function refuseSecrets(
  file: ReadOnlyFile,
  path: string,
  redact: Redaction,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (what: string): never => {
    throw new Error(
      `Cannot import ${path}: redaction is on, and ${what} has what it takes out; redacted nodes would have other ` +
        "hashes than that file's. Import it with redact.enabled = false, or into another file",
    );
  };
  for (let at = 0;;) {
    signal.throwIfAborted();
    const nodes = file.read((db) => foreignNodes(db, at, BATCH));
    for (const node of nodes) if (hasSecret(node, redact)) refuse(`node ${node.hash.slice(0, 12)}`);
    const last = nodes.at(-1);
    if (last === undefined) break;
    at = last.rowid;
    // Between two lots a Ctrl-C is heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (!file.read(hasFacets)) return;
  for (let at = 0;;) {
    const rows = file.read((db) => foreignFacets(db, at, BATCH));
    for (const row of rows) {
      if (hasSecret(row, redact)) refuse(`the row of session ${row.session_id} in facets`);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    at = last.rowid;
  }
}

async function importNodes(
  call: ImportCall,
  file: ReadOnlyFile,
  { source, from, imported, report }: {
    source: string;
    from: number;
    imported: Imported;
    report?(imported: Imported): Promise<void>;
  },
): Promise<void> {
  const importer = new NodeImporter((work) => file.read(work));
  for (let at = from;;) {
    call.signal.throwIfAborted();
    const nodes = file.read((db) => foreignNodes(db, at, BATCH));
    const last = nodes.at(-1);
    if (last === undefined) return;
    let added = 0;
    await call.commit((tx) => {
      const events = importer.copy(tx, nodes);
      tx.run(
        `INSERT INTO tapes_imports (source, last_rowid, last_hash) VALUES (?, ?, ?)
         ON CONFLICT (source) DO UPDATE SET last_rowid = excluded.last_rowid, last_hash = excluded.last_hash`,
        source,
        last.rowid,
        last.hash,
      );
      added = events.length;
      return events;
    });
    at = last.rowid;
    imported.read += nodes.length;
    imported.added += added;
    await report?.(imported);
  }
}

/** All of them at each run: tapes makes a session's anew, there are few, and those that are here stay. */
async function importFacets(call: ImportCall, file: ReadOnlyFile, imported: Imported): Promise<void> {
  for (let at = 0;;) {
    call.signal.throwIfAborted();
    const rows = file.read((db) => foreignFacets(db, at, BATCH));
    const last = rows.at(-1);
    if (last === undefined) return;
    let copied = 0;
    await call.commit((tx) => {
      copied = copyFacets(tx, rows);
    });
    at = last.rowid;
    imported.facets += copied;
  }
}

/** `capstan import FILE`. */
export const importCommand = (redact: Redaction): PluginCommand => ({
  path: "import",
  args: [{ name: "<file>", doc: "A SQLite file that tapes wrote." }],
  doc: "Take over the nodes and facets of another tapes file, and publish the nodes.",
  options: [{
    flags: "--from-start",
    doc: "Look at every node again, not only at those behind the last import.",
  }],
  creates: true,
  examples: ["capstan import ~/.tapes/tapes.sqlite"],
  async run(call) {
    const path = call.args[0] ?? "";
    await using progress = call.progress();
    const imported = await importFile(call, path, {
      fromStart: call.options.fromStart === true,
      redact,
      report: ({ read, total }) => progress.show({ what: "importing", done: read, total }),
    });
    await progress[Symbol.asyncDispose]();
    const { read, added, total, facets } = imported;
    const before = total - read;
    await call.stdout.write(
      `Imported ${grouped(added)} of ${grouped(total)} nodes` +
        (facets > 0 ? ` and the facets of ${grouped(facets)} session${facets === 1 ? "" : "s"}` : "") +
        ` from ${path}` +
        (read > added ? `; ${grouped(read - added)} were here already` : "") +
        (before > 0 ? `; ${grouped(before)} were passed by an earlier import` : "") + ".\n",
    );
  },
});
