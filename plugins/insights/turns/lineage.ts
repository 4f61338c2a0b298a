import type { Envelope } from "../events/envelope.ts";
import type { LineageData } from "../events/lineage.ts";
import type { SqlAnalyser } from "../sql/analyser.ts";
import { readSql, type SqlText } from "../sql/read_sql.ts";
import type { SqlStatement } from "../sql/statement.ts";
import { known, type SourceTurn } from "./source_turn.ts";
import { isToolResult, toolCalls } from "./tool_call.ts";
import type { TurnBlock, TurnMessage } from "./turn_event.ts";

/** How far a turn is searched. */
export interface LineageLimits {
  /** Statements of one turn that are read; what is beyond is counted. */
  readonly maxStatements: number;
  /** Strings of one value that are visited. */
  readonly maxStrings: number;
}

/** What a turn says in SQL. */
export interface Lineage {
  events: Envelope<string, LineageData>[];
  /** Statements found beyond those that were read; of texts that were not read, each counts as one. */
  omitted: number;
}

/** Longer ones go without, in UTF-16 units: their hash says which they are. */
const MOST_NORMALISED = 16_384;

/** A text with SQL, and where it was found. */
interface Found extends Pick<LineageData, "found_in" | "tool" | "node_hash"> {
  sql: SqlText;
}

/** One event for each SQL statement in a turn's tool results, answers and tool inputs, in this order. */
export async function lineageOf(
  turn: SourceTurn,
  analyser: Pick<SqlAnalyser, "analyse">,
  { maxStatements, maxStrings }: LineageLimits,
): Promise<Lineage> {
  const events: Lineage["events"] = [];
  let omitted = 0;
  for (const { sql, ...where } of sqlOf(turn, { maxTexts: maxStatements + 1, maxStrings })) {
    if (events.length >= maxStatements) {
      omitted++;
      continue;
    }
    const { statements, omitted: more } = await analyser.analyse(sql.text, sql.dialect);
    const read = statements.slice(0, maxStatements - events.length);
    omitted += more + statements.length - read.length;
    for (const statement of read) {
      const index = events.length;
      const data = { ...where, path: sql.path === "" ? undefined : sql.path, index, ...saidBy(statement) };
      events.push(turn.derive<LineageData>({
        type: "query.lineage",
        part: [index],
        data: known<LineageData>({ ...turn.about, ...data }),
      }));
    }
  }
  const last = events.at(-1);
  if (last !== undefined && omitted > 0) last.data.omitted = omitted;
  return { events, omitted };
}

function saidBy(
  { dialect, parsed, fault, kind, reads, writes, unattributed, hash, normalised }: SqlStatement,
) {
  return {
    dialect,
    parsed,
    reason: reasonOf(fault),
    statement_kind: kind,
    reads: reads.map((table) => ({ ...table })),
    writes: writes.map((table) => ({ ...table })),
    unattributed: unattributed.length > 0 ? unattributed : undefined,
    query_hash: hash,
    normalised: normalised.length > MOST_NORMALISED ? undefined : normalised.toWellFormed(),
  };
}

function reasonOf(fault: SqlStatement["fault"]): string | undefined {
  if (fault?.line === undefined) return fault?.reason;
  return `${fault.reason} (line ${fault.line}, column ${fault.column})`;
}

function sqlOf(turn: SourceTurn, limits: { maxTexts: number; maxStrings: number }): Found[] {
  const { messages = [], answers = [] } = turn.event;
  const tools = new Map(toolNames([...messages, ...answers]));
  return [
    ...blocksOf(messages).filter(({ block }) => isToolResult(block)).flatMap(({ block, hash }) =>
      readSql(block.tool_output, limits).map((sql): Found => ({
        sql,
        found_in: "tool_result",
        tool: block.tool_name || tools.get(block.tool_result_id),
        node_hash: hash ?? undefined,
      }))
    ),
    ...blocksOf(answers).filter(({ block }) => block.type === "text").flatMap(({ block, hash }) =>
      readSql(block.text, limits).map((sql): Found => ({
        sql,
        found_in: "answer",
        node_hash: hash ?? undefined,
      }))
    ),
    ...toolCalls(turn.event).flatMap(({ answer, tool, arguments: given }) =>
      readSql(given, limits).map((sql): Found => ({
        sql,
        found_in: "tool_input",
        tool: tool || undefined,
        node_hash: answer.hash,
      }))
    ),
  ];
}

function blocksOf(messages: readonly TurnMessage[]): { block: TurnBlock; hash: string | null }[] {
  return messages.flatMap(({ content, hash }) => (content ?? []).map((block) => ({ block, hash })));
}

/** Names of tools by the ids of their calls, as far as the turn itself has the calls. */
function toolNames(messages: readonly TurnMessage[]): [string | undefined, string | undefined][] {
  return blocksOf(messages).filter(({ block }) => block.tool_use_id)
    .map(({ block }) => [block.tool_use_id, block.tool_name]);
}
