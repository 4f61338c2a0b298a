import { readJson } from "../json/read_json.ts";
import type { CapturedLine } from "./test_agent_contract.ts";

/** A line as it is logged; what else is in it are the message's fields. */
type Line = Pick<CapturedLine, "level" | "message"> & { component?: string; time: string };

/** A line of the JSON log. */
export function capturedLine(line: string): CapturedLine {
  const { level, message, component, time: _time, ...fields }: Line = readJson(line);
  return { level, message, component: component ?? "", fields };
}
