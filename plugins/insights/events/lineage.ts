import * as z from "zod";
import { aboutTurn } from "./about_turn.ts";
import { eventSchema } from "./envelope.ts";

const table = z.looseObject({
  /** As qualified as the statement has it: `db.schema.table`. */
  name: z.string(),
  /** Columns of it that the statement names; `*` for all. */
  columns: z.array(z.string()),
});

/** One SQL statement found in a conversation. */
export const lineageData = z.looseObject({
  ...aboutTurn,
  node_hash: z.string().optional(),
  /** Where it was found. */
  found_in: z.enum(["tool_input", "tool_result", "answer"]),
  /** The tool whose input or result it stands in, where it is known. */
  tool: z.string().optional(),
  /** Where in that value: a JSON pointer (RFC 6901); absent where it is the value itself. */
  path: z.string().optional(),
  /** Which statement of the turn, from 0. */
  index: z.int().min(0).optional(),
  dialect: z.string(),
  /** False: it could not be parsed, and `reason` says why. */
  parsed: z.boolean(),
  reason: z.string().optional(),
  statement_kind: z.string(),
  reads: z.array(table),
  writes: z.array(table),
  /** Columns of tables that the text alone does not tell. */
  unattributed: z.array(z.string()).optional(),
  /** SHA-256 of the normalised statement, 64 hexadecimal digits. */
  query_hash: z.string(),
  /** The statement without its literals; absent where it is longer than 16,384 characters. */
  normalised: z.string().optional(),
  /** On the last event of a turn: statements found in it beyond those that are read. */
  omitted: z.int().min(1).optional(),
});

/** `query.lineage` */
export const queryLineage = eventSchema("query.lineage", lineageData);

/** What `data` of `query.lineage` is. */
export type LineageData = z.infer<typeof lineageData>;
