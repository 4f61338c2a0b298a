import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { hasCommand } from "./has_command.ts";
import { recordsOf } from "./records.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

const FREE_PORTS = [
  "run",
  "--debug",
  "--upstream",
  "http://127.0.0.1:9",
  "--admin-listen",
  "127.0.0.1:0",
  "--listen",
  "127.0.0.1:0",
];

/** Runs a command line through a shell, as somebody who copies it does. */
async function shell(line: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", line] }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const withoutCurl = !hasCommand("curl");

Deno.test({
  name: `a newcomer's path: run on nothing, the printed curl, log, show, tail, status${
    withoutCurl ? " (left out: there is no curl)" : ""
  }`,
  ignore: withoutCurl,
}, async (t) => {
  await using dir = await tempDir();
  await using agent = await startAgent({ dir: dir.path, args: FREE_PORTS });
  const command = async (...args: string[]) => {
    const finished = await capstan({ args: [...args, "--config-dir", dir.path] });
    assert.equal(finished.code, 0, finished.error);
    return finished.out;
  };

  await t.step("it says what listens where, where the data is, and how to point a client at it", () => {
    const said = agent.said();
    assert.ok(said.includes(`${dir.path}/capstan.sqlite`), said);
    assert.match(said, /OLLAMA_HOST=http:\/\/127\.0\.0\.1:\d+/);
  });

  await t.step("the printed curl is answered at once, without a key", async () => {
    const at = agent.said().indexOf("curl ");
    assert.ok(at >= 0, agent.said());
    const line = agent.said().slice(at).split(/(?<!\\)\n/)[0] ?? "";
    const answer = JSON.parse(await shell(`${line.trim().replace(/^curl /, "curl -sS --fail-with-body ")}`));
    assert.equal(answer.choices[0].message.role, "assistant");
  });

  await t.step("the turn is in the log, can be shown, and is an event, while the agent runs", async () => {
    await derived(agent.admin);
    const events = await recordsOf("tapes.nodes.v1", { dir: dir.path });
    assert.equal(events.length, 2);
    assert.match(await command("log"), /\S/);
    const head = events.at(-1)?.value;
    assert.ok(typeof head === "object" && head !== null && "node" in head);
    const { hash } = head.node as { hash: string };
    assert.match(await command("show", hash), /assistant/i);
  });

  await t.step("status knows the running agent and the file", async () => {
    const status = await command("status");
    assert.match(status, new RegExp(`pid ${agent.pid}\\b`));
    assert.match(status, /turns\s+1\b/);
    assert.match(status, /nodes\s+2\b/);
  });

  await t.step("the files are for their owner alone", async () => {
    for await (const entry of Deno.readDir(dir.path)) {
      if (!entry.isFile) continue;
      const { mode } = await Deno.stat(`${dir.path}/${entry.name}`);
      assert.equal((mode ?? 0) & 0o077, 0, entry.name);
    }
  });

  await t.step("no key is in the file, its WAL or what the agent said", async () => {
    const secret = "sk-must-not-be-stored-93751";
    const query = `?api_key=${secret}&key=${secret}&access_token=${secret}`;
    await (await fetch(`${agent.proxy}/agents/demo/providers/echo/v1/chat/completions${query}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${secret}`,
        "proxy-authorization": `Basic ${secret}`,
        "x-api-key": secret,
        "api-key": secret,
        "x-goog-api-key": secret,
        cookie: `a=${secret}`,
      },
      body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "hi" }] }),
    })).text();
    // A call that fails is logged, if any is.
    await (await fetch(`${agent.proxy}/v1/models${query}`, { headers: { "x-api-key": secret } })).text();
    await derived(agent.admin);
    const secretless = async () => {
      for await (const entry of Deno.readDir(dir.path)) {
        if (!entry.isFile) continue;
        const bytes = await Deno.readFile(`${dir.path}/${entry.name}`);
        assert.ok(!new TextDecoder("latin1").decode(bytes).includes(secret), entry.name);
      }
    };
    await secretless();
    assert.ok((await recordsOf("tapes.turns.v1", { dir: dir.path })).length >= 3);
    assert.equal(await agent.stop(), 0, agent.said());
    await secretless();
    assert.ok(!agent.said().includes(secret), agent.said());
  });

  await t.step("after the stop the commands still work, and status says that no agent runs", async () => {
    assert.match(await command("log"), /\S/);
    assert.match(await command("status"), /no agent/i);
  });
});

/** Resolves when no stream of a running agent has anything left to do. */
async function derived(admin: string): Promise<void> {
  await until(async () => {
    const status = await (await fetch(`${admin}/admin/status`)).json();
    return status.streams.every((stream: { lag: number }) => stream.lag === 0) || undefined;
  });
}
