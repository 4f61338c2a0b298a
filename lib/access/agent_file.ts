import process from "node:process";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { readJson } from "../json/read_json.ts";
import { isRefused } from "./refused.ts";

/** What a running agent says of itself beside its store, so that commands find it. */
export interface AgentFile {
  /** Its process; also in the file's name, so that several agents may share a folder or a store. */
  pid: number;
  /** `http://127.0.0.1:8081`. */
  admin: string;
  /** File with the bearer token, where one is needed. */
  tokenFile?: string;
  /** Its version. */
  version: string;
  /** Its SQLite file. */
  store: string;
  /** ISO 8601. */
  startedAt: string;
  /** The machine, or container, it runs on. */
  host?: string;
  /** Begins the names of its members of the log's groups. */
  owner?: string;
}

/** Milliseconds an agent has to show that it is there. */
const ANSWER_MS = 1_000;
const NAME = /^agent-\d+\.json$/;

/** `agent-PID.json` beside the store. */
export function agentFilePath(storeFile: string, pid: number): string {
  return join(dirname(storeFile), `agent-${pid}.json`);
}

/** Writes it, 0600, whole or not at all, and removes those of agents that died. */
export async function writeAgentFile(agent: AgentFile): Promise<void> {
  const file = agentFilePath(agent.store, agent.pid);
  const fresh = `${file}.new`;
  try {
    for (const { path, agent: found } of await readAll(agent.store)) {
      if (found !== undefined && !(isAlive(found.pid) ?? await answers(found))) {
        await rm(path, { force: true });
      }
    }
    await writeFile(fresh, JSON.stringify(agent, null, 2) + "\n", { mode: 0o600 });
    await rename(fresh, file);
  } catch (cause) {
    throw new Error(`Cannot write ${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Removes that process's. */
export async function removeAgentFile(storeFile: string, pid: number): Promise<void> {
  await rm(agentFilePath(storeFile, pid), { force: true });
}

/**
 * The agents that run on this store, the newest first, as far as their files tell. A process id may have gone to another
 * program since; whether an agent is there shows when it is called.
 */
export async function findAgents(storeFile: string): Promise<AgentFile[]> {
  const all = await readAll(storeFile);
  return all.flatMap(({ agent }) => agent?.store === storeFile && isAlive(agent.pid) !== false ? [agent] : [])
    .sort((a, b) => a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : a.pid - b.pid);
}

/**
 * The agents of this store that left their files here and are gone for certain: they ran on this machine, and their
 * process is no more, or nobody listens where they did (which a living one does for as long as its file is there).
 */
export async function goneAgents(storeFile: string): Promise<AgentFile[]> {
  const here = hostname();
  const found = await Promise.all((await readAll(storeFile)).map(async ({ agent }) => {
    if (agent?.store !== storeFile || agent.host !== here) return [];
    return isAlive(agent.pid) === false || await isDeaf(agent) ? [agent] : [];
  }));
  return found.flat();
}

/** Every agent's file beside a store; without an agent where it can't be read as one. */
async function readAll(storeFile: string): Promise<{ path: string; agent?: AgentFile }[]> {
  const folder = dirname(storeFile);
  const names = await unlessMissing(readdir(folder)) ?? [];
  return await Promise.all(
    names.filter((name) => NAME.test(name)).map(async (name) => {
      const path = join(folder, name);
      return { path, agent: parse(await unlessMissing(readFile(path, "utf8"))) };
    }),
  );
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string | undefined): AgentFile | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = readJson(text);
    return isAgentFile(parsed) ? parsed : undefined;
  } catch {
    // Half a file is as good as none: the agent that wrote it is gone, or will write it again.
    return undefined;
  }
}

function isAgentFile(value: unknown): value is AgentFile {
  return typeof value === "object" && value !== null && "pid" in value && typeof value.pid === "number" &&
    "admin" in value && typeof value.admin === "string" && "store" in value &&
    typeof value.store === "string" && "startedAt" in value && typeof value.startedAt === "string" &&
    (!("owner" in value) || typeof value.owner === "string") &&
    (!("host" in value) || typeof value.host === "string");
}

/**
 * Whether a process of that id lives; one of another user's does. `undefined`: the executable may not ask, because
 * that takes the right to run programs.
 */
function isAlive(pid: number): boolean | undefined {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (!(error instanceof Error)) return undefined;
    if (error.name === "NotCapable") return undefined;
    return "code" in error && error.code === "EPERM";
  }
}

/** Whether something listens where the agent did. */
async function answers({ admin }: AgentFile): Promise<boolean> {
  try {
    await ask(admin);
    return true;
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError";
  }
}

/** Whether it is certain that nothing listens there. */
async function isDeaf({ admin }: AgentFile): Promise<boolean> {
  try {
    await ask(admin);
    return false;
  } catch (error) {
    return isRefused(error);
  }
}

async function ask(admin: string): Promise<void> {
  const response = await fetch(new URL("/healthz", admin), { signal: AbortSignal.timeout(ANSWER_MS) });
  await response.body?.cancel();
}
