import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { ocsfLine } from "../../../../plugins/audit/export/ocsf.ts";
import type { AuditContent, AuditRecord, RecordKind } from "../../../../plugins/audit/record/record.ts";
import { API_ACTIVITY } from "./ocsf_schema.ts";

const KINDS: RecordKind[] = ["turn", "log", "erasure", "access", "hold", "retention", "key", "admin"];
const FACTS: AuditRecord["facts"][] = [
  {},
  { id: "log-1", model: "gpt-4o" },
  {
    turn: "t-1",
    model: "gpt-4o",
    answer_model: "gpt-4o-2026-01-01",
    provider: "openai",
    endpoint: "chat.completions",
    status: 502,
    outcome: "upstream-cut",
    agent: "shop",
    tools: ["search"],
  },
  { action: "keys_destroyed", keys: ["k-1"], actor: "cli:ada" },
  { reason: "no event of a turn" },
];
const CONTENT: AuditContent = {
  user_id: "ada",
  model: "gpt-4o",
  prompt: "p",
  response: "r",
  request_id: "r-1",
  timestamp_utc: "2026-01-02T03:04:05.678Z",
};

const validate = new Ajv({ allErrors: true, strictTypes: false, strictRequired: false }).compile(
  API_ACTIVITY,
);

const isEvent = (value: unknown): boolean => validate(value);

function eventOf(
  kind: RecordKind,
  facts: AuditRecord["facts"],
  content: AuditContent | null,
  subject?: string,
) {
  const record: AuditRecord = {
    v: 1,
    writer: "w-0123456789abcdef",
    seq: 7,
    time: "2026-01-02T03:04:05.678Z",
    kind,
    tenant: "acme",
    ...(subject && { subject }),
    facts,
    prev: "0".repeat(64),
  };
  const opened = { record, bytes: new Uint8Array(), hash: "a".repeat(64), content, erased: content === null };
  return JSON.parse(ocsfLine(opened));
}

Deno.test("every kind of record is an event of OCSF's API Activity: required attributes, types, enumerations", () => {
  for (const kind of KINDS) {
    for (const facts of FACTS) {
      for (const content of [CONTENT, null]) {
        for (const subject of [undefined, "f".repeat(32)]) {
          const event = eventOf(kind, facts, content, subject);
          assert.ok(isEvent(event), JSON.stringify([validate.errors, event], null, 2));
          assert.equal(event.type_uid, event.class_uid * 100 + event.activity_id);
          assert.equal(event.time, Date.UTC(2026, 0, 2, 3, 4, 5, 678));
        }
      }
    }
  }
});

Deno.test("an event says what was done and whether it failed, in OCSF's numbers", () => {
  const said = (kind: RecordKind, at: number) => {
    const { activity_id, status_id, api, ai_model, metadata } = eventOf(kind, FACTS[at]!, CONTENT);
    return [activity_id, status_id, api.operation, ai_model?.name, metadata.profiles];
  };
  assert.deepEqual(said("turn", 2), [1, 2, "chat.completions", "gpt-4o-2026-01-01", ["ai_operation"]]);
  assert.deepEqual(said("log", 1), [1, 1, "model.call", "gpt-4o", ["ai_operation"]]);
  assert.deepEqual(said("erasure", 3), [4, 1, "audit.erase", undefined, undefined]);
  assert.deepEqual(said("access", 3), [2, 1, "audit.read", undefined, undefined]);
  assert.deepEqual(said("admin", 3), [99, 1, "agent.admin", undefined, undefined]);
});

Deno.test("what OCSF does not have is refused by the schema that events are held to", () => {
  const event = eventOf("turn", FACTS[2]!, CONTENT);
  const bent: [string, object][] = [
    ["another activity", { activity_id: 5 }],
    ["a time that is text", { time: "2026-01-02T03:04:05Z" }],
    ["a version without the profile", { metadata: { ...event.metadata, version: "1.6.0" } }],
    ["a model without its profile", { metadata: { ...event.metadata, profiles: [] } }],
    ["a model without a provider", { ai_model: { name: "m" } }],
    ["no actor", { actor: undefined }],
    ["an actor who is nobody", { actor: { user: {} } }],
    ["an attribute nobody knows", { kind: "turn" }],
  ];
  for (const [what, given] of bent) {
    assert.ok(!isEvent(JSON.parse(JSON.stringify({ ...event, ...given }))), what);
  }
});
