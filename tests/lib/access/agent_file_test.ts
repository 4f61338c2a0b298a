import assert from "node:assert/strict";
import { readdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  type AgentFile,
  agentFilePath,
  findAgents,
  goneAgents,
  removeAgentFile,
  writeAgentFile,
} from "../../../lib/access/agent_file.ts";
import { callAgent } from "../../../lib/access/call_agent.ts";
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

Deno.test("findAgents() finds the agent that wrote its file, readable by its owner alone, until it is removed", () =>
  inFolder(async (folder) => {
    const own = agent(folder);
    await writeAgentFile(own);
    assert.deepEqual(await findAgents(own.store), [own]);
    if (Deno.build.os !== "windows") {
      assert.equal((await stat(agentFilePath(own.store, own.pid))).mode & 0o777, 0o600);
    }
    await removeAgentFile(own.store, own.pid);
    assert.deepEqual(await findAgents(own.store), []);
  }));

Deno.test("findAgents() does not believe the file of a process that is gone", () =>
  inFolder(async (folder) => {
    const gone = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
    await gone.status;
    await writeAgentFile(agent(folder, gone.pid));
    assert.deepEqual(await findAgents(join(folder, "capstan.sqlite")), []);
  }));

Deno.test("findAgents() takes half a file for none", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "agent-1.json"), '{"pid": 1');
    assert.deepEqual(await findAgents(join(folder, "capstan.sqlite")), []);
  }));

Deno.test("findAgents() finds every agent on a file, the newest first, and none of another file", () =>
  inFolder(async (folder) => {
    const first = agent(folder);
    // The parent of this process lives as long as it does.
    const second = { ...agent(folder, process.ppid), startedAt: "2025-01-31T00:00:01.000Z" };
    const other = { ...agent(folder, 1), store: join(folder, "other.sqlite") };
    for (const each of [first, second, other]) await writeAgentFile(each);
    assert.deepEqual(await findAgents(first.store), [second, first]);
    assert.deepEqual(await findAgents(other.store), [other]);
    await removeAgentFile(first.store, second.pid);
    assert.deepEqual(await findAgents(first.store), [first]);
  }));

Deno.test("writeAgentFile() removes the files of agents that died", () =>
  inFolder(async (folder) => {
    const gone = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
    await gone.status;
    await writeAgentFile(agent(folder, gone.pid));
    const own = agent(folder);
    await writeAgentFile(own);
    assert.deepEqual(await readdir(folder), [`agent-${own.pid}.json`]);
  }));

Deno.test("callAgent() passes over an agent that died, and one whose process id is another's now", () =>
  inFolder(async (folder) => {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => new Response("here"),
    );
    const alive = { ...agent(folder), admin: `http://127.0.0.1:${server.addr.port}` };
    const ended = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = ended.addr;
    ended.close();
    const recycled = {
      ...agent(folder, process.ppid),
      admin: `http://127.0.0.1:${port}`,
      startedAt: "2025-01-31T00:00:01.000Z",
    };
    await writeAgentFile(alive);
    await writeAgentFile(recycled);
    const answer = await callAgent({ storeFile: alive.store, path: "/" });
    assert.equal(await answer.text(), "here");
    await removeAgentFile(alive.store, alive.pid);
    await assert.rejects(callAgent({ storeFile: alive.store, path: "/" }), /none runs there/);
  }));

Deno.test("goneAgents() gives those of this machine whose process or listener is no more, and nobody else's", () =>
  inFolder(async (folder) => {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => new Response("not for you", { status: 401 }),
    );
    // Takes calls and never answers, as a process that was stopped does.
    using silent = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const ended = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const refusing = `http://127.0.0.1:${ended.addr.port}`;
    ended.close();
    const died = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
    await died.status;
    const own = agent(folder);
    const cases: Record<string, { left: Partial<AgentFile>; gone: boolean }> = {
      "no process": { left: { pid: died.pid }, gone: true },
      "a process id that is another's now, or this one's, as in a container": {
        left: { admin: refusing },
        gone: true,
      },
      "answers, though not us": { left: { admin: `http://127.0.0.1:${server.addr.port}` }, gone: false },
      "hangs": { left: { admin: `http://127.0.0.1:${silent.addr.port}` }, gone: false },
      "on another machine": { left: { pid: died.pid, host: "elsewhere" }, gone: false },
      "on a machine it did not name": { left: { pid: died.pid, host: undefined }, gone: false },
      "of another file": { left: { pid: died.pid, store: join(folder, "other.sqlite") }, gone: false },
    };
    for (const [what, { left, gone }] of Object.entries(cases)) {
      const file = { ...own, admin: refusing, host: hostname(), owner: "o", ...left };
      await writeFile(agentFilePath(own.store, file.pid), JSON.stringify(file));
      assert.deepEqual((await goneAgents(own.store)).map(({ owner }) => owner), gone ? ["o"] : [], what);
      await removeAgentFile(own.store, file.pid);
    }
  }));

Deno.test("removeAgentFile() leaves another agent's file alone", () =>
  inFolder(async (folder) => {
    const own = agent(folder);
    await writeAgentFile(own);
    await removeAgentFile(own.store, own.pid + 1);
    assert.deepEqual(await findAgents(own.store), [own]);
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
