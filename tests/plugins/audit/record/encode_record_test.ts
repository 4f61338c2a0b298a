import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { leafHash, recordBytes, recordHash } from "../../../../plugins/audit/record/encode_record.ts";
import { type AuditRecord, NO_RECORD } from "../../../../plugins/audit/record/record.ts";

const RECORD: AuditRecord = {
  v: 1,
  writer: "w-0123456789abcdef",
  seq: 0,
  time: "2026-01-02T03:04:05.006Z",
  kind: "log",
  tenant: "acme",
  facts: { model: "gpt-4o", agent: "é" },
  prev: NO_RECORD,
};

Deno.test("a record's bytes are canonical JSON, whatever the order of its members", () => {
  const turned = Object.fromEntries(Object.entries(RECORD).reverse()) as unknown;
  const bytes = recordBytes(RECORD);
  assert.deepEqual(bytes, recordBytes(turned as AuditRecord));
  assert.equal(
    new TextDecoder().decode(bytes),
    `{"facts":{"agent":"é","model":"gpt-4o"},"kind":"log","prev":"${NO_RECORD}","seq":0,"tenant":"acme",` +
      `"time":"2026-01-02T03:04:05.006Z","v":1,"writer":"w-0123456789abcdef"}`,
  );
});

Deno.test("a leaf is told from a hash by the zero byte in front (RFC 6962)", () => {
  assert.equal(
    Buffer.from(leafHash(new Uint8Array())).toString("hex"),
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  );
  const bytes = recordBytes(RECORD);
  assert.equal(recordHash(bytes), createHash("sha256").update(bytes).digest("hex"));
  assert.notEqual(Buffer.from(leafHash(bytes)).toString("hex"), recordHash(bytes));
});
