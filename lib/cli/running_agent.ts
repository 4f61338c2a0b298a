import { type AgentFile, findAgent } from "../access/agent_file.ts";
import { callAgent } from "../access/call_agent.ts";
import type { AgentStatus } from "../plugin/host_contract.ts";

/** The agent that runs on a file, as far as it answers. */
export interface RunningAgent {
  agent: AgentFile;
  /** What it says of itself, or why it says nothing. */
  status: AgentStatus | { unreachable: string };
}

/** Milliseconds an agent has for its answer. */
const PATIENCE_MS = 3000;

/** Asks the agent that runs on this store; `undefined` where none does. `token` is the configured one. */
export async function runningAgent(
  storeFile: string,
  options: { token?: string; signal: AbortSignal },
): Promise<RunningAgent | undefined> {
  const agent = await findAgent(storeFile);
  if (!agent || agent.store !== storeFile) return undefined;
  const { token } = options;
  try {
    const init = { signal: AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE_MS)]) };
    const response = await callAgent({ storeFile, path: "/admin/status", token, init });
    if (!response.ok) {
      const said = (await response.text()).slice(0, 200);
      return { agent, status: { unreachable: `it answers ${response.status}: ${said}` } };
    }
    const status: AgentStatus = await response.json();
    return { agent, status };
  } catch (error) {
    options.signal.throwIfAborted();
    return { agent, status: { unreachable: error instanceof Error ? error.message : String(error) } };
  }
}
