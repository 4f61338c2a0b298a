import type { Batch, BusRecord, HandlerFactory, HandlerResult, PublishRequest } from "capstan";
import { parseCall, type ParseOptions } from "../parse/call.ts";
import { CallError, prepareBatch } from "./derive_batch.ts";
import { failedCall, type ParsedCall, toParsedCall } from "./prepare_call.ts";
import { redactMeta, redactParsed } from "./redact_call.ts";
import { readCall } from "./read_call.ts";

/** Faulty calls remembered; beyond it the oldest is tried once more. */
const REMEMBERED = 1_000;

/**
 * The deriver: calls in, turns, nodes and their events out. Every call gets one row of the ledger. A call that can't
 * be derived gets a row that says so and goes to the dead letters with its bytes; it stalls no other.
 */
const factory: HandlerFactory = (ctx, options) => {
  const limits = limitsOf(options);
  const { redact } = ctx;
  const turns = ctx.counter({ name: "turns_total", help: "Calls entered in the ledger." });
  const nodes = ctx.counter({ name: "nodes_total", help: "Nodes stored for the first time." });
  /** Calls whose rows SQLite refused, by id. */
  const refused = new Map<string, unknown>();

  function parse(record: BusRecord, batch: Batch): ParsedCall | undefined {
    const read = readCall(record.value, redact);
    const meta = "call" in read ? read.call.meta : "meta" in read ? read.meta : undefined;
    let cause: unknown = "cause" in read ? read.cause : refused.get(read.call.meta.id);
    if ("call" in read && cause === undefined) {
      try {
        return toParsedCall(read.call, (call) => parseCall(call, limits), redact);
      } catch (error) {
        cause = error;
      }
    }
    batch.fail(record, cause);
    if (meta === undefined) return undefined;
    const failed = failedCall(redactMeta(meta, redact), cause);
    return { ...failed, parsed: redactParsed(failed.parsed, redact) };
  }

  return (batch: Batch): HandlerResult => {
    const records = new Map<string, BusRecord>();
    const calls = batch.records.flatMap((record) => {
      const call = parse(record, batch);
      if (call !== undefined) records.set(call.meta.id, record);
      return call ?? [];
    });
    const prepared = prepareBatch((work) => ctx.read(work), calls);
    for (const [id, cause] of prepared.failed) {
      const record = records.get(id);
      if (record !== undefined) batch.fail(record, cause);
    }
    let counted = false;
    return {
      write(tx): readonly PublishRequest[] {
        try {
          const result = prepared.write(tx);
          if (!counted) {
            turns.inc({}, result.turns);
            nodes.inc({}, result.nodes);
            // A commit that fails is tried again with the same work.
            counted = true;
          }
          return result.events;
        } catch (error) {
          if (error instanceof CallError) {
            if (refused.size >= REMEMBERED) refused.delete(refused.keys().next().value ?? "");
            refused.set(error.callId, error.cause);
          }
          throw error;
        }
      },
    };
  };
};

/** The limits that came along to the Worker; the parser has its own for those that did not. */
function limitsOf(options: unknown): ParseOptions {
  return typeof options === "object" && options !== null && "maxDecodedBytes" in options &&
      typeof options.maxDecodedBytes === "number"
    ? { maxDecodedBytes: options.maxDecodedBytes }
    : {};
}

export default factory;
