import type { OpenedRecord } from "../search/opened_records.ts";

/**
 * A record as a CloudEvent 1.0 in structured mode, one a line: id `WRITER/SEQ`, type `capstan.audit.KIND`, the subject's
 * fingerprint as subject; data has the record, its hash, and its content where it could be opened.
 */
export function cloudEventLine({ record, content, hash, erased }: OpenedRecord): string {
  const { writer, seq, time, kind, tenant, subject } = record;
  const event = {
    specversion: "1.0",
    id: `${writer}/${seq}`,
    source: `/capstan/audit/${writer}`,
    type: `capstan.audit.${kind}`,
    time,
    ...(subject !== undefined && { subject }),
    tenantid: tenant,
    datacontenttype: "application/json",
    data: { record, hash, ...(content && { content }), ...(erased && { erased }) },
  };
  return `${JSON.stringify(event)}\n`;
}
