import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Transaction } from "capstan";
import { leafHash, recordBytes, recordHash } from "../../../../plugins/audit/record/encode_record.ts";
import { originOf, signCheckpoint } from "../../../../plugins/audit/tree/checkpoint.ts";
import { keyOf, TrailBuilder } from "./trail_builder.ts";
import { firstOf, verifyStored } from "./verifying.ts";

/** 20 records; checkpoints of 8, 15 and 18. */
function trail(): TrailBuilder {
  return new TrailBuilder().add(8).checkpoint().add(7).checkpoint().add(3).checkpoint().add(2);
}

const built = trail();
const bytesOf = (seq: number) => built.records[seq]!.bytes;

/** A record's bytes with one of its facts changed. */
function changed(seq: number, given: object = { facts: { model: "gpt-4", n: seq } }): Uint8Array {
  return recordBytes({ ...built.records[seq]!.record, ...given });
}

function put(tx: Transaction, seq: number, bytes: Uint8Array): void {
  tx.run("UPDATE audit_records SET record = ? WHERE seq = ?", bytes, seq);
}

/** The trail as who can write the file, but has no key, would write it from a record on: chained, and in the tree. */
function rewrite(tx: Transaction, from: number, tree = true): void {
  const forged = new TrailBuilder();
  for (const { record } of built.records) {
    const facts = record.seq === from ? { model: "another" } : record.facts;
    forged.append({ ...record, facts, prev: forged.head });
  }
  tx.run("DELETE FROM audit_writer");
  tx.run("DELETE FROM audit_records");
  const kept = tx.all<{ level: number; number: number; hash: Uint8Array }>("SELECT * FROM audit_tree");
  tx.run("DELETE FROM audit_tree");
  forged.store(tx);
  if (tree) return;
  for (const { level, number, hash } of kept) {
    tx.run("UPDATE audit_tree SET hash = ? WHERE level = ? AND number = ?", hash, level, number);
  }
}

const note = (size: number, root: Uint8Array = Buffer.alloc(32), seed = 1) =>
  signCheckpoint({ origin: originOf(built.writer), size, root }, [keyOf(seed).signer]);

const CASES: [what: string, first: string, tamper: (tx: Transaction) => void][] = [
  ["nothing", "sound", () => {}],
  ["a record's content changed", "altered at 5", (tx) => put(tx, 5, changed(5))],
  ["the first record's content changed", "altered at 0", (tx) => put(tx, 0, changed(0))],
  ["the last record's content changed", "altered at 19", (tx) => put(tx, 19, changed(19))],
  ["a record's link changed", "altered at 6", (tx) => put(tx, 6, changed(6, { prev: "f".repeat(64) }))],
  ["a record's number changed", "altered at 6", (tx) => put(tx, 6, changed(6, { seq: 60 }))],
  [
    "a record's writer changed",
    "altered at 6",
    (tx) => put(tx, 6, changed(6, { writer: "w-ffffffffffffffff" })),
  ],
  ["a record's time changed with its column", "altered at 4", (tx) => {
    put(tx, 4, changed(4, { time: "2026-01-03T00:00:00.000Z" }));
    tx.run("UPDATE audit_records SET time_ms = ? WHERE seq = 4", Date.UTC(2026, 0, 3));
  }],
  ["a record of the tail changed", "altered at 18", (tx) => put(tx, 18, changed(18))],
  ["a record and its leaf changed", "altered at 5", (tx) => {
    put(tx, 5, changed(5));
    tx.run("UPDATE audit_tree SET hash = ? WHERE level = 0 AND number = 5", leafHash(changed(5)));
  }],
  ["everything written again from a record on", "rewritten at 8", (tx) => rewrite(tx, 10)],
  ["everything written again but the tree", "altered at 10", (tx) => rewrite(tx, 10, false)],
  ["two records swapped", "reordered at 5", (tx) => {
    put(tx, 5, bytesOf(6));
    put(tx, 6, bytesOf(5));
  }],
  ["a record twice", "duplicated at 5", (tx) => put(tx, 6, bytesOf(5))],
  ["a record gone", "missing at 6", (tx) => void tx.run("DELETE FROM audit_records WHERE seq = 6")],
  [
    "records gone",
    "missing at 6",
    (tx) => void tx.run("DELETE FROM audit_records WHERE seq BETWEEN 6 AND 9"),
  ],
  [
    "the first records gone",
    "anchor-missing at 3",
    (tx) => void tx.run("DELETE FROM audit_records WHERE seq < 3"),
  ],
  [
    "the last records gone",
    "truncated at 18",
    (tx) => void tx.run("DELETE FROM audit_records WHERE seq > 17"),
  ],
  ["the last records gone, with tree and writer", "truncated at 16", (tx) => {
    tx.run("DELETE FROM audit_records WHERE seq > 15");
    tx.run("DELETE FROM audit_tree WHERE (number + 1) * (1 << level) > 16");
    tx.run("UPDATE audit_writer SET next_seq = 16, head = ?", recordHash(bytesOf(15)));
  }],
  ["all records gone", "truncated at 0", (tx) => void tx.run("DELETE FROM audit_records")],
  ["the writer's row gone", "index", (tx) => void tx.run("DELETE FROM audit_writer")],
  [
    "the writer's next number raised",
    "truncated at 20",
    (tx) => void tx.run("UPDATE audit_writer SET next_seq = 22"),
  ],
  [
    "a record that is not canonical",
    "not-canonical at 5",
    (tx) => put(tx, 5, Buffer.concat([bytesOf(5), Buffer.from(" ")])),
  ],
  [
    "a record of another version",
    "unknown-version at 5",
    (tx) => put(tx, 5, Buffer.from(`${Buffer.from(bytesOf(5))}`.replace('"v":1', '"v":2'))),
  ],
  ["a record that is no JSON", "malformed at 5", (tx) => put(tx, 5, bytesOf(5).subarray(1))],
  ["a record without a member", "malformed at 5", (tx) => put(tx, 5, changed(5, { tenant: undefined }))],
  ["an empty record", "malformed at 5", (tx) => put(tx, 5, new Uint8Array())],
  [
    "a column of time",
    "index at 5",
    (tx) => void tx.run("UPDATE audit_records SET time_ms = 1 WHERE seq = 5"),
  ],
  [
    "a column of kind",
    "index at 5",
    (tx) => void tx.run("UPDATE audit_records SET kind = 'turn' WHERE seq = 5"),
  ],
  [
    "a column of tenant",
    "index at 5",
    (tx) => void tx.run("UPDATE audit_records SET tenant = 'x' WHERE seq = 5"),
  ],
  [
    "a column of subject",
    "index at 5",
    (tx) => void tx.run("UPDATE audit_records SET subject = NULL WHERE seq = 5"),
  ],
  [
    "a leaf of the tree",
    "tree at 5",
    (tx) => void tx.run("UPDATE audit_tree SET hash = zeroblob(32) WHERE level = 0 AND number = 5"),
  ],
  [
    "a node of the tree",
    "tree at 11",
    (tx) => void tx.run("UPDATE audit_tree SET hash = zeroblob(32) WHERE level = 2 AND number = 2"),
  ],
  [
    "a node of the tree gone",
    "tree at 7",
    (tx) => void tx.run("DELETE FROM audit_tree WHERE level = 3 AND number = 0"),
  ],
  [
    "a leaf behind the last record",
    "truncated at 20",
    (tx) => void tx.run("INSERT INTO audit_tree VALUES (0, 20, zeroblob(32))"),
  ],
  ["a checkpoint's signature", "forged-checkpoint", (tx) => {
    const forged = built.checkpoints[1]!.note.replace(
      /(.{8})\n$/,
      (end) => end.replace(/[^=\n]/, (one) => one === "A" ? "B" : "A"),
    );
    tx.run("UPDATE audit_checkpoints SET note = ? WHERE size = 15", forged);
  }],
  ["a checkpoint's root", "forged-checkpoint", (tx) => {
    const forged = built.checkpoints[1]!.note.replace(
      /\n[^\n]{44}\n/,
      `\n${Buffer.alloc(32).toString("base64")}\n`,
    );
    tx.run("UPDATE audit_checkpoints SET note = ?, root = zeroblob(32) WHERE size = 15", forged);
  }],
  [
    "a checkpoint that is none",
    "forged-checkpoint",
    (tx) => void tx.run("UPDATE audit_checkpoints SET note = 'x' WHERE size = 15"),
  ],
  ["a checkpoint of another key", "unknown-key", (tx) => {
    tx.run("UPDATE audit_checkpoints SET note = ? WHERE size = 15", note(15, built.checkpoints[1]!.root, 9));
  }],
  ["a signed checkpoint of another root", "split-view", (tx) => {
    tx.run("UPDATE audit_checkpoints SET note = ?, root = zeroblob(32) WHERE size = 15", note(15));
  }],
  [
    "a checkpoint's column of root",
    "index",
    (tx) => void tx.run("UPDATE audit_checkpoints SET root = zeroblob(32) WHERE size = 15"),
  ],
  ["a checkpoint of more records than there are", "truncated at 20", (tx) => {
    tx.run("INSERT INTO audit_checkpoints VALUES (25, 0, zeroblob(32), ?)", note(25));
  }],
];

for (const [what, first, tamper] of CASES) {
  Deno.test(`in the file, verification finds: ${what}`, async () => {
    const report = await verifyStored(built, tamper);
    assert.equal(firstOf(report), first, JSON.stringify(report.damages));
    assert.equal(report.sound, first === "sound");
  });
}

Deno.test("a sound trail is told: records, checkpoints, and the tail that none covers", async () => {
  const { writers: [writer], remarks } = await verifyStored(built);
  const { head, ...counts } = writer!;
  assert.equal(head, built.head);
  assert.deepEqual(counts, {
    writer: built.writer,
    first: 0,
    records: 20,
    size: 20,
    checkpoints: 3,
    covered: 18,
    unchecked: 0,
  });
  assert.deepEqual(remarks, []);
});

Deno.test("a file without records is sound", async () => {
  assert.equal(firstOf(await verifyStored(new TrailBuilder())), "sound");
});
