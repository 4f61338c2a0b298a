import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Reader } from "capstan";
import type { TestAgent } from "capstan/testing";
import type { AuditContent, AuditRecord } from "../../../plugins/audit/record/record.ts";
import { reopenKeyring } from "../../../plugins/audit/seal/open_keyring.ts";
import { openContent } from "../../../plugins/audit/seal/seal_content.ts";

/** A record of the trail, and what its content says once opened. */
export interface OpenedRecord {
  record: AuditRecord;
  content: AuditContent | null;
}

/** The agent's folder. */
export function folderOf(agent: Pick<TestAgent, "store">): string {
  const file = agent.store.read((db) =>
    db.get<{ file: string }>("SELECT file FROM pragma_database_list WHERE name = 'main'")
  );
  return join(file?.file ?? "", "..");
}

/** All records of the trail but those about its keys, opened with the keys of the agent's folder. */
export async function openedRecords(agent: Pick<TestAgent, "store">): Promise<OpenedRecord[]> {
  const read = <T>(work: (db: Reader) => T) => agent.store.read(work);
  const keyring = await reopenKeyring(read, { folder: join(folderOf(agent), "audit") });
  return read((db) =>
    db.all<{ record: Uint8Array }>("SELECT record FROM audit_records WHERE kind <> 'key' ORDER BY seq").map(
      ({ record: bytes }) => {
        const record = JSON.parse(Buffer.from(bytes).toString()) as AuditRecord;
        return { record, content: openContent(db, keyring, record) };
      },
    )
  );
}
