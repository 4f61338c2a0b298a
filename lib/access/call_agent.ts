import { findAgent } from "./agent_file.ts";
import { readTokenFile } from "./token_file.ts";

/** A call of a running agent's admin API. */
export interface AgentCall {
  /** Path of the agent's SQLite file. */
  storeFile: string;
  /** `/admin/status`. */
  path: string;
  init?: RequestInit;
  /** The configured token, where there is one. */
  token?: string;
}

/** No agent runs on that store, or it does not answer. */
export class NoAgentError extends Error {
  override readonly name = "NoAgentError";
}

/**
 * Calls the agent that runs on a store.
 * @throws {NoAgentError} none runs there, or it does not answer.
 */
export async function callAgent({ storeFile, path, init, token }: AgentCall): Promise<Response> {
  const agent = await findAgent(storeFile);
  if (!agent) {
    throw new NoAgentError(
      `Cannot call the agent on ${storeFile}: none runs there; start it with capstan run`,
    );
  }
  const headers = new Headers(init?.headers);
  const known = token ?? (agent.tokenFile === undefined ? undefined : await readTokenFile(agent.tokenFile));
  if (known !== undefined) headers.set("authorization", `Bearer ${known}`);
  try {
    return await fetch(agent.admin + path, { ...init, headers, redirect: "error" });
  } catch (cause) {
    if (init?.signal?.aborted) throw cause;
    throw new NoAgentError(
      `Cannot call the agent on ${storeFile}: process ${agent.pid} does not answer at ${agent.admin}; is it stopping?`,
      { cause },
    );
  }
}
