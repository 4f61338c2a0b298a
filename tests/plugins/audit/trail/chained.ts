import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Reader } from "capstan";
import { leafHash, recordHash } from "../../../../plugins/audit/record/encode_record.ts";
import { type AuditRecord, NO_RECORD } from "../../../../plugins/audit/record/record.ts";

const node = (left: Uint8Array, right: Uint8Array) =>
  createHash("sha256").update(Uint8Array.of(1)).update(left).update(right).digest();

/** What is looked at of an agent. */
export interface Trail {
  store: { read<T>(work: (db: Reader) => T): T };
  outputs(topic: string): readonly { key: unknown; value: unknown }[];
}

/** Asserts that so many records are there beside that of the key, numbered, chained, in the topic in order, and all whole nodes of the tree. */
export function assertChained(agent: Trail, count: number): void {
  const all = count + 1;
  const stored = agent.store.read((db) =>
    db.all<{ seq: number; record: Uint8Array }>("SELECT seq, record FROM audit_records ORDER BY seq")
  );
  const writer = agent.store.read((db) =>
    db.get<{ id: string; next_seq: number; head: string }>(
      "SELECT * FROM audit_writer",
    )
  );
  assert.equal(stored.length, all);
  let prev = NO_RECORD;
  let level = stored.map(({ seq, record }, at) => {
    const { v, writer: by, seq: said, prev: before }: AuditRecord = JSON.parse(
      Buffer.from(record).toString(),
    );
    assert.deepEqual([v, by, said, seq, before], [1, writer?.id, at, at, prev]);
    prev = recordHash(record);
    return leafHash(record);
  });
  assert.deepEqual([writer?.next_seq, writer?.head], [all, prev]);
  const expected: string[] = [];
  for (let at = 0; level.length > 0; at++) {
    expected.push(...level.map((hash, number) => `${at}/${number} ${Buffer.from(hash).toString("hex")}`));
    level = level.flatMap((hash, number) => number % 2 === 1 ? [node(level[number - 1]!, hash)] : []);
  }
  const tree = agent.store.read((db) =>
    db.all<{ level: number; number: number; hash: Uint8Array }>(
      "SELECT * FROM audit_tree ORDER BY level, number",
    )
  );
  assert.deepEqual(
    tree.map(({ level, number, hash }) => `${level}/${number} ${Buffer.from(hash).toString("hex")}`),
    expected,
  );
  const published = agent.outputs("ai.audit");
  assert.deepEqual(
    published.map(({ key, value }) => [key, Buffer.from(value as Uint8Array).toString()]),
    stored.map((
      { record },
    ) => [writer?.id, Buffer.from(record).toString()]),
  );
}
