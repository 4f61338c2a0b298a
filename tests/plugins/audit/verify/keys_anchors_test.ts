import assert from "node:assert/strict";
import { anchorLine } from "../../../../plugins/audit/verify/export_format.ts";
import { keyOf, TrailBuilder } from "./trail_builder.ts";
import { firstOf, verifyExport, verifyStored, verifyTopics } from "./verifying.ts";

const [old, next] = [keyOf(1), keyOf(2)];

/** A trail whose key is replaced: announced, signed by both, and the old one retired. */
function rotated(): TrailBuilder {
  const trail = new TrailBuilder().add(1, { kind: "key", facts: { action: "added", vkey: old.vkey } }).add(4)
    .checkpoint();
  trail.add(1, { kind: "key", facts: { action: "added", vkey: next.vkey } }).add(2);
  trail.signers = [old.signer, next.signer];
  trail.checkpoint().add(2);
  trail.signers = [next.signer];
  trail.checkpoint().add(1, { kind: "key", facts: { action: "retired", vkey: old.vkey } }).checkpoint().add(
    3,
  );
  return trail.checkpoint();
}

const found = async (trail: TrailBuilder, vkeys: string[]) => {
  const report = await verifyExport(trail.exportLines().join(""), { vkeys });
  return { first: firstOf(report), checkpoints: report.writers[0]?.checkpoints, remarks: report.remarks };
};

Deno.test("who has the old key alone trusts the new one once the old has signed the record that names it", async () => {
  assert.deepEqual(await found(rotated(), [old.vkey]), { first: "sound", checkpoints: 5, remarks: [] });
});

Deno.test("who has the new key alone believes the old one, named in what the new one signs", async () => {
  assert.deepEqual(await found(rotated(), [next.vkey]), { first: "sound", checkpoints: 5, remarks: [] });
});

Deno.test("a key that is no record's, or whose record no trusted key signed, is unknown", async () => {
  assert.equal((await found(rotated(), [keyOf(3).vkey])).first, "unknown-key");
  const seized = new TrailBuilder().add(3).checkpoint();
  seized.add(1, { kind: "key", facts: { action: "added", vkey: next.vkey } });
  seized.signers = [next.signer];
  seized.checkpoint();
  assert.deepEqual((await found(seized, [old.vkey])).first, "unknown-key");
});

Deno.test("a retired key signs nothing any more", async () => {
  const trail = rotated();
  trail.signers = [old.signer];
  trail.add(2).checkpoint();
  assert.equal((await found(trail, [old.vkey])).first, "unknown-key");
  assert.equal((await found(trail, [old.vkey, next.vkey])).first, "unknown-key");
});

Deno.test("a signature of a key nobody gave is told, not believed", async () => {
  const trail = new TrailBuilder().add(3);
  trail.signers.push(next.signer);
  trail.checkpoint();
  const { first, remarks } = await found(trail, [old.vkey]);
  assert.deepEqual([first, remarks], ["sound", ["1 signature of a key that was not given was not checked."]]);
});

/** 20 records, of which the first 11 were removed by record 16. */
function retained(): TrailBuilder {
  return new TrailBuilder().add(8).checkpoint().add(8).checkpoint().retain(11).checkpoint().add(3)
    .checkpoint();
}

const REMOVE = [
  "DELETE FROM audit_records WHERE seq < 11",
  "DELETE FROM audit_tree WHERE (number + 1) * (1 << level) <= 11 AND NOT " +
  "((level = 3 AND number = 0) OR (level = 1 AND number = 4) OR (level = 0 AND number = 10))",
];

Deno.test("records removed under a signed record of it verify from there on, in the file", async () => {
  const trail = retained();
  const report = await verifyStored(trail, (tx) => REMOVE.forEach((sql) => void tx.run(sql)));
  assert.equal(firstOf(report), "sound", JSON.stringify(report.damages));
  const [writer] = report.writers;
  assert.deepEqual([writer?.first, writer?.records, writer?.checkpoints, writer?.unchecked], [11, 9, 3, 1]);
  const more = await verifyStored(trail, (tx) => {
    REMOVE.forEach((sql) => void tx.run(sql));
    tx.run("DELETE FROM audit_records WHERE seq = 11");
  });
  assert.match(firstOf(more), /^anchor-missing at 12/);
  const gone = await verifyStored(trail, (tx) => {
    REMOVE.forEach((sql) => void tx.run(sql));
    tx.run("DELETE FROM audit_tree WHERE level = 3 AND number = 0");
  });
  assert.equal(firstOf(gone), "anchor-missing at 11");
  const other = await verifyStored(trail, (tx) => {
    REMOVE.forEach((sql) => void tx.run(sql));
    tx.run("UPDATE audit_tree SET hash = zeroblob(32) WHERE level = 3 AND number = 0");
  });
  assert.equal(firstOf(other), "anchor-altered at 11");
});

Deno.test("records removed verify from the anchor on in an export and in the topics", async () => {
  const trail = retained();
  const anchor = trail.anchor(11);
  const lines = trail.exportLines(anchor);
  assert.equal(firstOf(await verifyExport(lines.join(""))), "sound");
  assert.equal(firstOf(await verifyExport(lines.toSpliced(1, 1).join(""))), "anchor-missing at 11");
  const other = { ...anchor, subtrees: anchor.subtrees.with(1, "0".repeat(64)) };
  assert.equal(
    firstOf(await verifyExport(lines.with(1, anchorLine(other)).join(""))),
    "anchor-altered at 11",
  );
  const head = { ...anchor, head: "0".repeat(64) };
  assert.match(
    firstOf(await verifyExport(lines.with(1, anchorLine(head)).join(""))),
    /^(altered|anchor-altered) at 11$/,
  );
  const records = trail.records.slice(11).map(({ bytes }) => bytes);
  const notes = trail.checkpoints.map(({ note }) => note);
  const line = anchorLine(anchor).trimEnd();
  const early = anchorLine(trail.anchor(3)).trimEnd();
  assert.equal(firstOf(await verifyTopics({ records, checkpoints: [early, ...notes, line] })), "sound");
  assert.equal(firstOf(await verifyTopics({ records, checkpoints: notes })), "anchor-missing at 11");
});

Deno.test("an anchor that no record of the trail says is none, though its hashes fit", async () => {
  const trail = new TrailBuilder().add(16).checkpoint();
  const report = await verifyExport(trail.exportLines(trail.anchor(5)).join(""));
  assert.equal(firstOf(report), "anchor-missing at 5");
  const late = new TrailBuilder().add(16).checkpoint().retain(5);
  const uncovered = await verifyExport(late.exportLines(late.anchor(5)).join(""));
  assert.match(uncovered.damages[0]?.why ?? "", /no checkpoint covers record 16/);
});

Deno.test("a checkpoint kept elsewhere of removed records is told to be past comparing", async () => {
  const trail = retained();
  const { remarks, damages } = await verifyExport(trail.exportLines(trail.anchor(11)).join(""), {
    elsewhere: [trail.checkpoints[0]!.note],
  });
  assert.deepEqual(damages, []);
  assert.match(remarks[0] ?? "", /kept 0 can't be compared: it is of 8 records, and 11 were removed/);
});

Deno.test("a key given for one trail signs no other's checkpoints", async () => {
  const trail = new TrailBuilder().add(3);
  trail.signers = [keyOf(2, "w-fedcba9876543210").signer];
  trail.checkpoint();
  const report = await verifyExport(trail.exportLines().join(""), {
    vkeys: [old.vkey, keyOf(2, "w-fedcba9876543210").vkey],
  });
  assert.equal(firstOf(report), "unknown-key");
});

Deno.test("a checkpoint that a later one contradicts does not hide what is done to records behind it", async () => {
  const trail = new TrailBuilder().add(4).checkpoint().add(4).checkpoint().add(4).checkpoint().add(2);
  const lines = trail.exportLines();
  const forged = new TrailBuilder().add(3).add(1, { tenant: "x" }).checkpoint().exportLines().at(-2) ?? "";
  const at = lines.findIndex((line) => line.startsWith('{"checkpoint"'));
  const report = await verifyExport(lines.with(at, forged).join(""));
  assert.equal(firstOf(report), "split-view");
  assert.equal(report.writers[0]?.covered, 12);
  const changed = lines.with(at, forged).map((line) =>
    line.includes('"seq":9,') ? line.replace("acme", "acne") : line
  );
  assert.equal(firstOf(await verifyExport(changed.join(""))), "altered at 9");
});

Deno.test("another trail in the place of the one whose key is kept elsewhere is damage, not a remark", async () => {
  const trail = new TrailBuilder().add(3).checkpoint();
  const elsewhere = keyOf(3, "w-fedcba9876543210").vkey;
  const report = await verifyExport(trail.exportLines().join(""), { vkeys: [elsewhere] });
  assert.ok(!report.sound);
  assert.match(report.damages.map(({ why }) => why).join("\n"), /this is another trail/);
  assert.ok((await verifyExport(trail.exportLines().join(""), { vkeys: [elsewhere, old.vkey] })).sound);
});
