import type { Loaded } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import { openRedaction } from "../redact/open_redaction.ts";

/**
 * What a configuration wants taken out.
 * @throws {ConfigError} a pattern, the country or the key is none.
 */
export async function redactionOf({ host }: Pick<Loaded, "host">): Promise<AgentRedaction> {
  try {
    return await openRedaction(host.redact, host.store.sqlite);
  } catch (cause) {
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), [], { cause });
  }
}
