import type { Loaded } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import { openRedaction } from "../redact/open_redaction.ts";

/**
 * What a configuration wants taken out.
 * @throws {ConfigError} a pattern, the country or the key is none.
 */
export function redactionOf({ host }: Pick<Loaded, "host">): Promise<AgentRedaction> {
  return asConfigured(() => openRedaction(host.redact, host.store.sqlite));
}

/**
 * The same, at work whether it is enabled or not, for looking. Makes no key: where there is none hashes are of another.
 * @throws {ConfigError} as `redactionOf`.
 */
export function openDryRun({ host }: Pick<Loaded, "host">): Promise<AgentRedaction> {
  return asConfigured(() =>
    openRedaction({ ...host.redact, enabled: true }, host.store.sqlite, { makesKey: false })
  );
}

async function asConfigured(open: () => Promise<AgentRedaction>): Promise<AgentRedaction> {
  try {
    return await open();
  } catch (cause) {
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), [], { cause });
  }
}
