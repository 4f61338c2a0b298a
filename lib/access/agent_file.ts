import process from "node:process";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What a running agent says of itself beside its store, so that commands find it. */
export interface AgentFile {
  pid: number;
  /** `http://127.0.0.1:8081`. */
  admin: string;
  /** File with the bearer token, where one is needed. */
  tokenFile?: string;
  version: string;
  /** Its SQLite file. */
  store: string;
  /** ISO 8601. */
  startedAt: string;
}

/** `agent.json` beside the store. */
export function agentFilePath(storeFile: string): string {
  return join(dirname(storeFile), "agent.json");
}

/** Writes it, 0600, whole or not at all. */
export async function writeAgentFile(agent: AgentFile): Promise<void> {
  const file = agentFilePath(agent.store);
  const fresh = `${file}.${agent.pid}`;
  try {
    await writeFile(fresh, JSON.stringify(agent, null, 2) + "\n", { mode: 0o600 });
    await rename(fresh, file);
  } catch (cause) {
    throw new Error(`Cannot write ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Removes it, if it is still that process's. */
export async function removeAgentFile(storeFile: string, pid: number): Promise<void> {
  const found = await read(storeFile);
  if (found?.pid === pid) await rm(agentFilePath(storeFile), { force: true });
}

/** The agent that runs on this store; `undefined` where there is none or the file is of one that died. */
export async function findAgent(storeFile: string): Promise<AgentFile | undefined> {
  const found = await read(storeFile);
  return found && isAlive(found.pid) ? found : undefined;
}

async function read(storeFile: string): Promise<AgentFile | undefined> {
  let text: string;
  try {
    text = await readFile(agentFilePath(storeFile), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return isAgentFile(parsed) ? parsed : undefined;
  } catch {
    // Half a file is as good as none: the agent that wrote it is gone, or will write it again.
    return undefined;
  }
}

function isAgentFile(value: unknown): value is AgentFile {
  return typeof value === "object" && value !== null && "pid" in value && typeof value.pid === "number" &&
    "admin" in value && typeof value.admin === "string" && "store" in value &&
    typeof value.store === "string";
}

/** Whether a process of that id lives; one of another user's does. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
