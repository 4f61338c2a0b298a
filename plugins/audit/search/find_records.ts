import { setImmediate } from "node:timers/promises";
import { type OpenedRecord, openedRecords, type OpenOptions } from "./opened_records.ts";

/** What found records must say. */
export interface Filter {
  /** In the model asked or that answered. */
  readonly model?: string;
  readonly outcome?: string;
  /** Somewhere in content or facts, whatever the case. */
  readonly text?: string;
  /** So many at most. */
  readonly limit: number;
}

/** Records looked at before others get their turn. */
const STEP = 200;

/** The newest records that say what is asked for; contents are opened one after the other. */
export async function findRecords(
  options: OpenOptions,
  { model, outcome, text, limit }: Filter,
): Promise<OpenedRecord[]> {
  const found: OpenedRecord[] = [];
  const sought = text?.toLowerCase();
  let looked = 0;
  for (const each of openedRecords({ ...options, newestFirst: true })) {
    if (++looked % STEP === 0) await setImmediate();
    const { facts } = each.record;
    if (model !== undefined && facts.model !== model && facts.answer_model !== model) continue;
    if (outcome !== undefined && facts.outcome !== outcome) continue;
    if (sought !== undefined && !JSON.stringify([each.content, facts]).toLowerCase().includes(sought)) {
      continue;
    }
    found.push(each);
    if (found.length >= limit) break;
  }
  return found;
}
