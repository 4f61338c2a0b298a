import { AgentRedaction } from "./agent_redaction.ts";
import type { RedactionData } from "./settings.ts";

/** The agent's redaction in another of its threads, which loads this module by its address. */
export default function redactionOf(data: RedactionData): Promise<AgentRedaction> {
  return AgentRedaction.in(data);
}
