import type { Migration } from "capstan";
import { FEEDBACK_TABLES } from "./feedback/tables.ts";
import { SEEN_TABLES } from "./intake/seen_events.ts";
import { CLOCK_TABLES, COUNTED_COLUMNS, RULE_TABLES, TOLD_COLUMNS } from "./rules/tables.ts";
import { TOOL_CALL_TABLES } from "./turns/waiting_tool_calls.ts";

/** The plugin's own tables. Everything in them can be made again from the topics. */
export const INSIGHTS_MIGRATIONS: readonly Migration[] = [
  step(1, "tool calls that wait for their results", TOOL_CALL_TABLES),
  step(2, "ids of events that were taken", SEEN_TABLES),
  step(3, "turns, feedback and what joins them", FEEDBACK_TABLES),
  step(4, "windows of rules, and open insights", RULE_TABLES),
  step(5, "what rules did by the clock", CLOCK_TABLES),
  step(6, "what was counted of feedback", COUNTED_COLUMNS),
  step(7, "when rules did something by the clock", TOLD_COLUMNS),
];

function step(version: number, name: string, statements: readonly string[]): Migration {
  return { version, name, up: (tx) => statements.forEach((statement) => void tx.run(statement)) };
}
