import { type AgentFile, findAgents } from "./agent_file.ts";
import { isRefused } from "./refused.ts";
import { readTokenFile } from "./token_file.ts";

/** A call of a running agent's admin API. */
export interface AgentCall {
  /** Path of the agent's SQLite file. */
  storeFile: string;
  /** `/admin/status`. */
  path: string;
  /** As for `fetch`. */
  init?: RequestInit;
  /** The configured token, where there is one. */
  token?: string;
}

/** No agent runs on that store, or it does not answer. */
export class NoAgentError extends Error {
  override readonly name = "NoAgentError";
}

/** That nobody listens there: the agent has ended, or is about to. */
export class AgentGoneError extends NoAgentError {}

/**
 * Calls the agent that runs on a store: of several the one started last that is still there.
 * @throws {NoAgentError} none runs there, or it does not answer.
 */
export async function callAgent({ storeFile, ...call }: AgentCall): Promise<Response> {
  for (const agent of await findAgents(storeFile)) {
    try {
      return await askAgent(agent, call);
    } catch (error) {
      if (!(error instanceof AgentGoneError)) throw error;
    }
  }
  throw new NoAgentError(
    `Cannot call the agent on ${storeFile}: none runs there; start it with capstan run`,
  );
}

/**
 * Calls this agent.
 * @throws {AgentGoneError} nobody listens there.
 * @throws {NoAgentError} it does not answer.
 */
export async function askAgent(
  agent: AgentFile,
  { path, init, token }: Omit<AgentCall, "storeFile">,
): Promise<Response> {
  const headers = new Headers(init?.headers);
  const known = token ?? (agent.tokenFile === undefined ? undefined : await readTokenFile(agent.tokenFile));
  if (known !== undefined) headers.set("authorization", `Bearer ${known}`);
  try {
    return await fetch(agent.admin + path, { ...init, headers, redirect: "error" });
  } catch (cause) {
    if (init?.signal?.aborted) throw cause;
    const wrong =
      `Cannot call the agent on ${agent.store}: process ${agent.pid} does not answer at ${agent.admin}`;
    if (isRefused(cause)) throw new AgentGoneError(`${wrong}; it has ended`, { cause });
    throw new NoAgentError(`${wrong}; is it stopping?`, { cause });
  }
}
