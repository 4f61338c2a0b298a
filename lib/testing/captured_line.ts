import type { CapturedLine } from "./test_agent_contract.ts";

/** A line of the JSON log. */
export function capturedLine(line: string): CapturedLine {
  const { level, message, component, time: _time, ...fields } = JSON.parse(line);
  return { level, message, component: component ?? "", fields };
}
