import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import {
  type AgentFile,
  agentFilePath,
  findAgent,
  removeAgentFile,
  writeAgentFile,
} from "../../../lib/access/agent_file.ts";
import { ensureTokenFile, readTokenFile } from "../../../lib/access/token_file.ts";

async function inFolder(work: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function agent(folder: string, pid = process.pid): AgentFile {
  return {
    pid,
    admin: "http://127.0.0.1:1",
    version: "0",
    store: join(folder, "capstan.sqlite"),
    startedAt: "2025-01-31T00:00:00.000Z",
  };
}

Deno.test("findAgent() finds the agent that wrote its file, readable by its owner alone, until it is removed", () =>
  inFolder(async (folder) => {
    const own = agent(folder);
    await writeAgentFile(own);
    assert.deepEqual(await findAgent(own.store), own);
    if (Deno.build.os !== "windows") assert.equal((await stat(agentFilePath(own.store))).mode & 0o777, 0o600);
    await removeAgentFile(own.store, own.pid);
    assert.equal(await findAgent(own.store), undefined);
  }));

Deno.test("findAgent() does not believe the file of a process that is gone", () =>
  inFolder(async (folder) => {
    const gone = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
    await gone.status;
    await writeAgentFile(agent(folder, gone.pid));
    assert.equal(await findAgent(join(folder, "capstan.sqlite")), undefined);
  }));

Deno.test("findAgent() takes half a file for none", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "agent.json"), '{"pid": 1');
    assert.equal(await findAgent(join(folder, "capstan.sqlite")), undefined);
  }));

Deno.test("removeAgentFile() leaves another agent's file alone", () =>
  inFolder(async (folder) => {
    const own = agent(folder);
    await writeAgentFile(own);
    await removeAgentFile(own.store, own.pid + 1);
    assert.deepEqual(await findAgent(own.store), own);
  }));

Deno.test("ensureTokenFile() makes a token once, readable by its owner alone", () =>
  inFolder(async (folder) => {
    const file = join(folder, "deep", "admin-token");
    assert.equal(await readTokenFile(file), undefined);
    const token = await ensureTokenFile(file);
    assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(await ensureTokenFile(file), token);
    assert.equal(await readTokenFile(file), token);
    if (Deno.build.os !== "windows") assert.equal((await stat(file)).mode & 0o777, 0o600);
  }));
