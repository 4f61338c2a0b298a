import type { CommandCall, Redaction } from "capstan";
import { CALLS_TOPIC } from "../call.ts";
import { prepareBatch } from "../derive/derive_batch.ts";
import { type ParsedCall, toParsedCall } from "../derive/prepare_call.ts";
import { readCall } from "../derive/read_call.ts";
import { parseCall, type ParseOptions } from "../parse/call.ts";

/** Calls derived in one transaction. */
const BATCH = 100;

/** What `derive --again` did. */
export interface Derived {
  calls: number;
  /** Rows of the ledger that are new or differ. */
  turns: number;
  nodes: number;
  /** Calls that could not be read; their rows stay as they are. */
  failed: number;
  /** Why the first of them could not be. */
  reason?: string;
}

/** Derives all kept calls with today's parsers. Rows that stay the same give no event; nodes are never doubled. */
export async function deriveAgain(
  call: Pick<CommandCall, "store" | "commit" | "records" | "signal">,
  limits: ParseOptions,
  redact: Redaction,
  report: (derived: Derived) => Promise<void> = () => Promise.resolve(),
): Promise<Derived> {
  const derived: Derived = { calls: 0, turns: 0, nodes: 0, failed: 0 };
  let batch: ParsedCall[] = [];
  const flush = async () => {
    const prepared = prepareBatch((work) => call.store.read(work), batch, { again: true });
    batch = [];
    let turns = 0, nodes = 0;
    await call.commit((tx) => {
      const result = prepared.write(tx);
      ({ turns, nodes } = result);
      return result.events;
    });
    derived.turns += turns;
    derived.nodes += nodes;
    await report(derived);
  };
  for await (const record of call.records(CALLS_TOPIC)) {
    call.signal.throwIfAborted();
    // What was erased is no call any more.
    if (record.value === null) continue;
    derived.calls++;
    const read = readCall(record.value, redact);
    try {
      if (!("call" in read)) throw read.cause;
      batch.push(toParsedCall(read.call, (call) => parseCall(call, limits), redact));
    } catch (error) {
      // What was known of the call stays; the count is told, and the first reason.
      derived.failed++;
      derived.reason ??= error instanceof Error ? error.message : String(error);
    }
    if (batch.length >= BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return derived;
}
