import type { Reader } from "capstan";
import { openedRecords, type OpenOptions, openRecord } from "../search/opened_records.ts";
import {
  anchorLine,
  checkpointLine,
  endLine,
  EXPORT_HEADER,
  openedLine,
  proofLine,
} from "../verify/export_format.ts";
import { type KeptCheckpoint, proveInclusion } from "../verify/make_proof.ts";
import { storedTrail } from "../verify/store_source.ts";

/** What is exported: all of it, or what was picked out, each record with its proof under a checkpoint. */
export interface TrailLinesOptions extends OpenOptions {
  /** Absent: the whole trail. */
  readonly under?: KeptCheckpoint;
}

/** The lines of an export that can be verified, in memory that does not grow with it. */
export function* trailLines(options: TrailLinesOptions): Generator<string> {
  const counts = { records: 0, checkpoints: 0, proofs: 0 };
  yield EXPORT_HEADER;
  const lines = options.under ? picked(options, options.under) : whole(options);
  for (const { text, counted } of lines) {
    if (counted) counts[counted]++;
    yield text;
  }
  yield endLine(counts);
}

interface Line {
  text: string;
  counted?: "records" | "checkpoints" | "proofs";
}

function* whole({ read, keyring }: TrailLinesOptions): Generator<Line> {
  const decoder = new TextDecoder();
  for (const item of storedTrail(read).items()) {
    if (item.type === "anchor") yield { text: anchorLine(item.anchor) };
    if (item.type === "checkpoint") yield { text: checkpointLine(item.note), counted: "checkpoints" };
    // What is damaged is found by who verifies the export.
    if (item.type !== "record") continue;
    yield { text: `${decoder.decode(item.bytes)}\n`, counted: "records" };
    if (!keyring) continue;
    const opened = read((db: Reader) => openRecord(db, item.bytes, keyring));
    if (opened.record.content) yield { text: openedLine(opened.record, opened) };
  }
}

function* picked(options: TrailLinesOptions, under: KeptCheckpoint): Generator<Line> {
  for (const opened of openedRecords(options)) {
    const { record } = opened;
    if (record.seq >= under.size) return;
    const proof = options.read((db) => proveInclusion(db, record.seq, under));
    yield { text: proofLine(proof), counted: "proofs" };
    if (options.keyring && record.content) yield { text: openedLine(record, opened) };
  }
}
