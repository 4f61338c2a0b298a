import { Buffer } from "node:buffer";
import type { Transaction } from "capstan";
import { leafHash, recordBytes, recordHash } from "../../../../plugins/audit/record/encode_record.ts";
import { type AuditRecord, NO_RECORD } from "../../../../plugins/audit/record/record.ts";
import { originOf, signCheckpoint } from "../../../../plugins/audit/tree/checkpoint.ts";
import { CompactRange } from "../../../../plugins/audit/tree/compact_range.ts";
import { generateKey, type NoteSigner, parseSignerKey } from "../../../../plugins/audit/tree/note_keys.ts";
import { frontierOf } from "../../../../plugins/audit/tree/subtrees.ts";
import { type Anchor, anchorFacts } from "../../../../plugins/audit/verify/anchor.ts";
import {
  anchorLine,
  checkpointLine,
  endLine,
  EXPORT_HEADER,
} from "../../../../plugins/audit/verify/export_format.ts";

export const WRITER = "w-0123456789abcdef";

/** What happened to a trail, in order. */
export type Step =
  | { type: "record"; record: AuditRecord; bytes: Uint8Array }
  | { type: "checkpoint"; size: number; root: Uint8Array; note: string };

/** Makes a key of a writer's trail; the same seed makes the same. */
export function keyOf(seed: number, writer = WRITER): { signer: NoteSigner; vkey: string } {
  const { skey, vkey } = generateKey(originOf(writer), Buffer.alloc(32, seed));
  return { signer: parseSignerKey(skey), vkey };
}

/** Builds a trail in memory as an agent builds one in its file. */
export class TrailBuilder {
  steps: Step[] = [];
  signers: NoteSigner[];
  readonly tree = new Map<string, { level: number; number: number; hash: Uint8Array }>();
  readonly edge = new CompactRange();
  head = NO_RECORD;

  constructor(readonly writer = WRITER, seed = 1) {
    this.signers = [keyOf(seed, writer).signer];
  }

  get size(): number {
    return this.edge.size;
  }

  /** Adds records, each with what is given instead of the usual. */
  add(count = 1, given: Partial<AuditRecord> = {}): this {
    for (let at = 0; at < count; at++) {
      const record: AuditRecord = {
        v: 1,
        writer: this.writer,
        seq: this.size,
        time: new Date(Date.UTC(2026, 0, 2) + this.size * 1001).toISOString(),
        kind: "log",
        tenant: "acme",
        subject: Buffer.alloc(16, this.size).toString("hex"),
        facts: { model: "gpt-4o", n: this.size },
        prev: this.head,
        ...given,
      };
      this.append(record);
    }
    return this;
  }

  append(record: AuditRecord): void {
    const bytes = recordBytes(record);
    this.steps.push({ type: "record", record, bytes });
    this.edge.append(leafHash(bytes), ({ level, number }, hash) => {
      this.tree.set(`${level}/${number}`, { level, number, hash });
    });
    this.head = recordHash(bytes);
  }

  checkpoint(): this {
    const { size } = this;
    const root = this.edge.root();
    const note = signCheckpoint({ origin: originOf(this.writer), size, root }, this.signers);
    this.steps.push({ type: "checkpoint", size, root, note });
    return this;
  }

  /** The anchor that removing what is before `first` takes. */
  anchor(first: number): Anchor {
    const before = this.records[first - 1];
    if (!before) throw new RangeError(`no record ${first - 1}`);
    const subtrees = frontierOf(first).map(({ level, number }) =>
      Buffer.from(this.tree.get(`${level}/${number}`)?.hash ?? []).toString("hex")
    );
    return { writer: this.writer, first, head: recordHash(before.bytes), subtrees };
  }

  /** Adds the record that says that what is before `first` was removed. */
  retain(first: number): this {
    const { first: kept, head, subtrees } = anchorFacts(this.anchor(first));
    return this.add(1, { kind: "retention", facts: { first: kept, head, subtrees } });
  }

  get records(): { record: AuditRecord; bytes: Uint8Array }[] {
    return this.steps.filter((step) => step.type === "record");
  }

  get checkpoints(): { size: number; root: Uint8Array; note: string }[] {
    return this.steps.filter((step) => step.type === "checkpoint");
  }

  /** Lines of an export, each with its line feed. */
  exportLines(anchor?: Anchor): string[] {
    const kept = this.steps.filter((step) =>
      step.type !== "record" || step.record.seq >= (anchor?.first ?? 0)
    );
    const count = (type: Step["type"]) => kept.filter((step) => step.type === type).length;
    return [
      EXPORT_HEADER,
      ...(anchor ? [anchorLine(anchor)] : []),
      ...kept.map((step) =>
        step.type === "record" ? `${Buffer.from(step.bytes)}\n` : checkpointLine(step.note)
      ),
      endLine({ records: count("record"), checkpoints: count("checkpoint"), proofs: 0 }),
    ];
  }

  /** Writes it as the agent's file has it. */
  store(tx: Transaction): void {
    tx.run(
      "INSERT INTO audit_writer (id, next_seq, head) VALUES (?, ?, ?)",
      this.writer,
      this.size,
      this.head,
    );
    for (const { record, bytes } of this.records) {
      const { seq, time, kind, tenant, subject = null } = record;
      const sql =
        "INSERT INTO audit_records (seq, time_ms, kind, tenant, subject, request_id, record) VALUES (?, ?, ?, ?, ?, ?, ?)";
      tx.run(sql, seq, Date.parse(time) + 0.25, kind, tenant, subject, `request-${seq}`, bytes);
    }
    for (const { level, number, hash } of this.tree.values()) {
      tx.run("INSERT INTO audit_tree (level, number, hash) VALUES (?, ?, ?)", level, number, hash);
    }
    for (const { size, root, note } of this.checkpoints) {
      tx.run(
        "INSERT INTO audit_checkpoints (size, time_ms, root, note) VALUES (?, 0, ?, ?)",
        size,
        root,
        note,
      );
    }
  }
}
