import assert from "node:assert/strict";
import { recordBytes } from "../../../../plugins/audit/record/encode_record.ts";
import { NO_RECORD } from "../../../../plugins/audit/record/record.ts";
import { readRecord } from "../../../../plugins/audit/verify/read_record.ts";

Deno.test("records whose facts have names with escapes are read as they stand, whatever was read before", () => {
  const empty = new TextDecoder().decode(recordBytes({
    v: 1,
    writer: "w-0123456789abcdef",
    seq: 0,
    time: "2026-01-02T03:04:05.006Z",
    kind: "retention",
    tenant: "acme",
    facts: {},
    prev: NO_RECORD,
  }));
  // Texts, not objects: the first to have such a name decides how the next one's is read.
  for (const facts of ['{"!":"0","\\\\":"1"}', '{"!":"0","\\"":"1"}']) {
    const read = readRecord(new TextEncoder().encode(empty.replace('"facts":{}', `"facts":${facts}`)));
    assert.ok("record" in read, JSON.stringify(read));
    assert.equal(JSON.stringify(read.record.facts), facts);
  }
});
