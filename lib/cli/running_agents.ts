import { type AgentFile, findAgents } from "../access/agent_file.ts";
import { AgentGoneError, askAgent } from "../access/call_agent.ts";
import { readJson } from "../json/read_json.ts";
import type { AgentStatus } from "../plugin/host_contract.ts";

/** An agent that runs on a file, as far as it answers. */
export interface RunningAgent {
  /** What it left beside the file. */
  agent: AgentFile;
  /** What it says of itself, or why it says nothing. */
  status: AgentStatus | { unreachable: string };
}

/** Milliseconds an agent has for its answer. */
const PATIENCE_MS = 10_000;

/** Asks the agents that run on this store, the one started last first. `token` is the configured one. */
export async function runningAgents(
  storeFile: string,
  options: { token?: string; signal: AbortSignal },
): Promise<RunningAgent[]> {
  const agents = await findAgents(storeFile);
  const asked = await Promise.all(agents.map((agent) => ask(agent, options)));
  return asked.filter((running) => running !== undefined);
}

/** `undefined` where it died without a word, and its process id, or its port, is another's now. */
async function ask(
  agent: AgentFile,
  { token, signal }: { token?: string; signal: AbortSignal },
): Promise<RunningAgent | undefined> {
  try {
    const init = { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) };
    const response = await askAgent(agent, { path: "/admin/status", token, init });
    if (!response.ok) {
      const said = (await response.text()).slice(0, 200);
      return { agent, status: { unreachable: `it answers ${response.status}: ${said}` } };
    }
    const status: AgentStatus = readJson(await response.text());
    return status.pid === agent.pid && status.store?.file === agent.store ? { agent, status } : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AgentGoneError) return undefined;
    return { agent, status: { unreachable: error instanceof Error ? error.message : String(error) } };
  }
}
