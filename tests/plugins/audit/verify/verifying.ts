import { Buffer } from "node:buffer";
import type { BusRecord, Transaction } from "capstan";
import { openStore } from "../../../../lib/store/open_store.ts";
import { parseVerifierKey } from "../../../../plugins/audit/tree/note_keys.ts";
import { AUDIT_MIGRATIONS } from "../../../../plugins/audit/trail/tables.ts";
import { exportItems } from "../../../../plugins/audit/verify/export_source.ts";
import type { VerifyReport } from "../../../../plugins/audit/verify/report.ts";
import { storedTrail } from "../../../../plugins/audit/verify/store_source.ts";
import { topicItems } from "../../../../plugins/audit/verify/topic_source.ts";
import { readRecord } from "../../../../plugins/audit/verify/read_record.ts";
import { packReads, unpackReads } from "../../../../plugins/audit/verify/threads/packed.ts";
import { type TrailItem, TrailVerifier } from "../../../../plugins/audit/verify/trail_verifier.ts";
import { TreeRows } from "../../../../plugins/audit/verify/tree_rows.ts";
import { keyOf, type TrailBuilder } from "./trail_builder.ts";

/** With what a trail is verified. */
export interface VerifyWith {
  vkeys?: readonly string[];
  elsewhere?: readonly string[];
}

function started({ vkeys = [keyOf(1).vkey], elsewhere = [] }: VerifyWith, more = {}): TrailVerifier {
  const verifier = new TrailVerifier({ keys: vkeys.map(parseVerifierKey), ...more });
  elsewhere.forEach((note, at) => {
    verifier.add({ type: "checkpoint", note, where: `kept ${at}`, elsewhere: true });
  });
  return verifier;
}

/** The item with what was read of its record, as it comes from another thread. */
function crossed(item: TrailItem): TrailItem {
  if (item.type !== "record") return item;
  const [read] = unpackReads(structuredClone(packReads([readRecord(item.bytes)])));
  return { ...item, read };
}

/** Verifies the bytes of an export; they come in pieces of `piece` bytes. */
export async function verifyExport(
  content: string | Uint8Array,
  given: VerifyWith & { piece?: number } = {},
): Promise<VerifyReport> {
  const { vkeys = [keyOf(1).vkey], piece = 1000 } = given;
  const bytes = Buffer.from(content as Uint8Array);
  const verifier = started(given);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const items = exportItems(chunks(), vkeys.map(parseVerifierKey));
  for await (const item of items) verifier.add(crossed(item));
  return verifier.finish();
}

/** Verifies a trail in a file, after `tamper` had its way with it. */
export async function verifyStored(
  trail: TrailBuilder,
  tamper: (tx: Transaction) => void = () => {},
  given: VerifyWith = {},
): Promise<VerifyReport> {
  await using store = await openTemporary();
  await store.migrate("audit", AUDIT_MIGRATIONS);
  await store.write((tx) => {
    trail.store(tx);
    tamper(tx);
  });
  const stored = storedTrail((work) => store.read(work));
  const rows = new TreeRows((work) => store.read(work));
  const verifier = started(given, { writer: stored.writer, stored: rows.take.bind(rows) });
  for (const item of stored.items()) verifier.add(crossed(item));
  return verifier.finish();
}

async function openTemporary() {
  const folder = await Deno.makeTempDir({ prefix: "capstan-verify-" });
  const store = await openStore({ file: `${folder}/trail.sqlite` });
  return {
    migrate: store.migrate.bind(store),
    write: store.write.bind(store),
    read: store.read.bind(store),
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Verifies values of the two topics. */
export async function verifyTopics(
  topics: { records: readonly (Uint8Array | null)[]; checkpoints: readonly string[] },
  given: VerifyWith = {},
): Promise<VerifyReport> {
  async function* records(topic: string, values: readonly (Uint8Array | null)[]): AsyncGenerator<BusRecord> {
    for (const [offset, value] of values.entries()) {
      yield { topic, partition: 0, offset, key: null, value, headers: [], timestamp: 0 };
    }
  }
  const verifier = started(given);
  const items = topicItems({
    records: records("ai.audit", topics.records),
    checkpoints: records("ai.audit.checkpoints", topics.checkpoints.map((note) => Buffer.from(note))),
  });
  for await (const item of items) verifier.add(crossed(item));
  return verifier.finish();
}

/** What was found first, as `kind`, or `kind at N`; `sound` where nothing was. */
export function firstOf({ damages: [first] }: VerifyReport): string {
  if (!first) return "sound";
  return first.seq === undefined ? first.kind : `${first.kind} at ${first.seq}`;
}
