import { AgentRedaction, derivedKeys } from "../../../lib/redact/agent_redaction.ts";
import type { RuleSettings } from "../../../lib/redact/settings.ts";

/** A redaction with a key of its own, whose file is nowhere. */
export function redactionWith(settings: Partial<RuleSettings> = {}, on = true): Promise<AgentRedaction> {
  const keys = derivedKeys(new Uint8Array(32).fill(7));
  return AgentRedaction.of(on, { actions: {}, patterns: {}, ...settings }, {
    place: "a test",
    get: () => keys,
  });
}
