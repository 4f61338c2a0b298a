import type { AuditRecord } from "../record/record.ts";
import type { OpenedRecord } from "../search/opened_records.ts";

/** OCSF's version, the first that has the profile `ai_operation`: https://schema.ocsf.io/1.8.0/classes/api_activity */
const VERSION = "1.8.0";
/** API Activity, of the category Application Activity. */
const CLASS = 6003;

/** `activity_id` by kind: 1 Create, 2 Read, 3 Update, 4 Delete, 99 Other. */
const ACTIVITIES: Readonly<Record<AuditRecord["kind"], { id: number; operation: string }>> = {
  turn: { id: 1, operation: "model.call" },
  log: { id: 1, operation: "model.call" },
  access: { id: 2, operation: "audit.read" },
  erasure: { id: 4, operation: "audit.erase" },
  retention: { id: 4, operation: "audit.retain" },
  hold: { id: 3, operation: "audit.hold" },
  key: { id: 3, operation: "audit.key" },
  admin: { id: 99, operation: "agent.admin" },
};

/**
 * A record as OCSF's API Activity, one a line. Where a model was called the profile `ai_operation` names it. What OCSF
 * has no attribute for is under `unmapped`.
 */
export function ocsfLine(opened: OpenedRecord): string {
  const { record, content, hash, erased } = opened;
  const { writer, seq, time, kind, tenant, subject, facts, prev } = record;
  const { id: activity, operation } = ACTIVITIES[kind];
  const isCall = kind === "turn" || kind === "log";
  const failed = isCall && facts.outcome !== undefined && facts.outcome !== "complete" ||
    facts.reason !== undefined;
  const model = text(facts.answer_model) ?? text(facts.model) ?? content?.model;
  const actor = text(facts.actor) ?? content?.user_id;
  const event = {
    category_uid: 6,
    class_uid: CLASS,
    activity_id: activity,
    type_uid: CLASS * 100 + activity,
    severity_id: 1,
    status_id: failed ? 2 : 1,
    ...(typeof facts.outcome === "string" && { status_detail: facts.outcome }),
    time: Date.parse(time),
    metadata: {
      version: VERSION,
      product: { name: "Capstan", vendor_name: "Capstan" },
      uid: `${writer}/${seq}`,
      sequence: seq,
      tenant_uid: tenant,
      ...(isCall && model !== undefined && { profiles: ["ai_operation"] }),
    },
    actor: { user: { uid: subject ?? actor ?? "unknown", ...(actor !== undefined && { name: actor }) } },
    api: {
      operation: isCall ? text(facts.endpoint) ?? operation : operation,
      ...(text(facts.provider) !== undefined && { service: { name: text(facts.provider) } }),
      ...(requestId(opened) !== undefined && { request: { uid: requestId(opened) } }),
      ...(typeof facts.status === "number" && { response: { code: facts.status } }),
    },
    src_endpoint: { name: text(facts.agent) ?? "unknown" },
    ...(isCall && model !== undefined && {
      ai_model: { name: model, ai_provider: text(facts.provider) ?? "unknown" },
    }),
    unmapped: { writer, kind, hash, prev, facts, ...(content && { content }), ...(erased && { erased }) },
  };
  return `${JSON.stringify(event)}\n`;
}

function requestId({ record: { facts }, content }: OpenedRecord): string | undefined {
  return content?.request_id ?? text(facts.turn) ?? text(facts.id);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
