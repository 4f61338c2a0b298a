import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { basename, join } from "node:path";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { ledgerOf } from "./ledger.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { oneTurn } from "./turns.ts";
import { until } from "./until.ts";

/** A plugin of two files; its route says the word of the one and the setting of the other. */
const HELLO = `import { word } from "./words/word.ts";

export default {
  name: "hello",
  config: { greeting: { type: "string", default: "Hello", doc: "What to say." } },
  setup(ctx, config) {
    ctx.route("GET", "/hello", () => new Response(config.greeting + " " + word));
  },
};
`;

const HELLO_TABLE = '[plugins.hello]\nmodule = "./hello.ts"\n';

async function writeHello(dir: string, word: string): Promise<void> {
  await Deno.mkdir(join(dir, "words"), { recursive: true });
  await Deno.writeTextFile(join(dir, "hello.ts"), HELLO);
  await writeWord(dir, `export const word: string = ${JSON.stringify(word)};\n`);
}

const writeWord = (dir: string, text: string) => Deno.writeTextFile(join(dir, "words", "word.ts"), text);

const hello = async (agent: Agent) => await (await fetch(`${agent.admin}/hello`)).text();

const says = (agent: Agent, wanted: string) =>
  until(async () => await hello(agent) === wanted ? true : undefined);

const said = (agent: Agent, wanted: RegExp) => until(() => wanted.exec(agent.said())?.[0]);

/** A model provider whose answers go on when they are told to. */
async function startSlow() {
  const answers: ServerResponse[] = [];
  const asked: (() => void)[] = [];
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chunk("slow", null));
    answers.push(response);
    asked.splice(0).forEach((told) => told());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    next: () => new Promise<void>((resolve) => asked.push(resolve)),
    finish: () => {
      for (const response of answers.splice(0)) response.end(`${chunk(" answer", "stop")}data: [DONE]\n\n`);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const chunk = (content: string, finish_reason: string | null) =>
  `data: ${
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index: 0, delta: { content }, finish_reason }],
    })
  }\n\n`;

/** Begins a streamed call; resolves when its first part is there, with the whole answer to come. */
async function beginCall(agent: Agent, text: string): Promise<{ whole: Promise<string> }> {
  const response = await fetch(`${agent.proxy}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: text }] }),
  });
  assert.equal(response.status, 200);
  return { whole: response.text() };
}

Deno.test("run --watch loads a changed plugin again, with what it imports; a call under way through the proxy is not touched", async () => {
  await using dir = await tempDir();
  await using slow = await startSlow();
  await writeHello(dir.path, "world");
  await writeConfig(dir.path, { upstream: slow.origin, tables: HELLO_TABLE });
  await using agent = await startAgent({ dir: dir.path, args: ["run", "--watch"] });
  assert.equal(await hello(agent), "Hello world");
  const asked = slow.next();
  const call = await beginCall(agent, "one");
  await asked;
  await writeWord(dir.path, 'export const word: string = "moon";\n');
  await says(agent, "Hello moon");
  await Deno.writeTextFile(
    join(dir.path, "hello.ts"),
    HELLO.replace("config.greeting", '"Oh, " + config.greeting'),
  );
  await says(agent, "Oh, Hello moon");
  slow.finish();
  assert.match(await call.whole, /slow.* answer.*\[DONE\]/s);
  const restarted = agent.said().match(/Plugin restarted.*/g) ?? [];
  assert.equal(restarted.length, 2, "one line for each change");
  for (const line of restarted) assert.match(line, /"plugin":"hello"/);
  assert.equal(await agent.stop(), 0);
});

Deno.test("a plugin that is broken by a change goes on as it was, and takes the next change", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeHello(dir.path, "world");
  await writeConfig(dir.path, { upstream: upstream.origin, tables: HELLO_TABLE });
  await using agent = await startAgent({ dir: dir.path, args: ["run", "--watch"] });
  await writeWord(dir.path, "export const word: string = ;\n");
  await said(agent, /module can't be loaded; the plugin goes on as it was.*Expression expected/);
  assert.equal(await hello(agent), "Hello world");
  await writeWord(dir.path, 'throw new Error("broken at once");\n');
  await said(agent, new RegExp(`hello\\.ts: .*file://.*${basename(dir.path)}`));
  assert.equal(await hello(agent), "Hello world");
  await writeWord(dir.path, 'export const word: string = "again";\n');
  await says(agent, "Hello again");
  assert.equal(await oneTurn(agent.proxy, "hi", { stream: false }), "echo: hi");
  assert.equal(await agent.stop(), 0);
});

Deno.test(
  "SIGHUP applies a changed configuration to running plugins, and refuses a bad one with file, line and key",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    await using dir = await tempDir();
    await using upstream = await startStandIn();
    await writeHello(dir.path, "world");
    const write = (tables: string, tapes = "") =>
      writeConfig(dir.path, { upstream: upstream.origin, tables, tapes });
    await write(HELLO_TABLE);
    await using agent = await startAgent({ dir: dir.path });
    const hup = () => Deno.kill(agent.pid, "SIGHUP");
    await write(`${HELLO_TABLE}greeting = "Salve"\n`);
    hup();
    await says(agent, "Salve world");
    await write(`${HELLO_TABLE}greting = "Moin"\n[logging]\nlevel = "loud"\n`);
    hup();
    const refused = await said(
      agent,
      /The configuration is refused; the agent goes on with the one it has\..*\n/,
    );
    assert.match(refused, /config\.toml:\d+:\d+: plugins\.hello\.greting is not a setting/);
    assert.match(refused, /config\.toml:\d+:\d+: logging\.level is \\"loud\\"/);
    assert.equal(await hello(agent), "Salve world");
    await write(`${HELLO_TABLE}greeting = "Salve"\n[logging]\nlevel = "debug"\n[store]\npower_safe = true\n`);
    hup();
    assert.match(await said(agent, /Settings changed\..*\n/), /logging\.level/);
    assert.match(
      await said(agent, /Settings wait for the agent to be started again\..*\n/),
      /store\.power_safe/,
    );
    await write("");
    hup();
    await said(agent, /Plugin stopped\..*hello/);
    assert.equal((await fetch(`${agent.admin}/hello`)).status, 404);
    assert.match(await oneTurn(agent.proxy, "hi", { stream: true }), /"hi".*\[DONE\]/s);
    assert.equal(await agent.stop(), 0);
  },
);

Deno.test("capstan reload hands the proxy over: calls under way end as they began, new ones get the new settings, none is refused", async () => {
  await using dir = await tempDir();
  await using slow = await startSlow();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: slow.origin });
  await using agent = await startAgent({ dir: dir.path });
  const reload = () => capstan({ args: ["reload", "--config-dir", dir.path] });
  assert.deepEqual(await reload(), { code: 0, out: "nothing has changed\n", error: "" });
  const asked = slow.next();
  const call = await beginCall(agent, "one");
  await asked;
  await writeConfig(dir.path, {
    upstream: upstream.origin,
    tapes: 'keep_calls = "1h"\ncapture_limit = "1MB"',
  });
  const calling = { on: true };
  const background = (async () => {
    for (let n = 0; calling.on; n++) {
      // Those before the change wait for the slow provider.
      const answer = await fetch(`${agent.proxy}/agents/me/providers/echo/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: `n ${n}` }] }),
      });
      assert.equal(answer.status, 200);
      await answer.text();
    }
  })();
  assert.deepEqual(await reload(), { code: 0, out: "plugin tapes: restarted\n", error: "" });
  calling.on = false;
  await background;
  assert.equal(await oneTurn(agent.proxy, "two", { stream: false }), "echo: two");
  slow.finish();
  assert.match(await call.whole, /slow.* answer.*\[DONE\]/s);
  // A client has its answer a moment before the call has ended.
  const figure = await until(async () => {
    const metrics = await (await fetch(`${agent.admin}/metrics`)).text();
    const all = (name: string) =>
      Number(new RegExp(`^capstan_tapes_${name} (\\d+)$`, "m").exec(metrics)?.[1]);
    return all("calls_active") === 0 ? all : undefined;
  });
  assert.ok(figure("forwarded_total") >= 3, "counters go on");
  await writeConfig(dir.path, { upstream: upstream.origin, tapes: 'capture_limit = "much"' });
  const refused = await reload();
  assert.equal(refused.code, 78);
  assert.match(refused.error, /config\.toml:\d+:\d+: plugins\.tapes\.capture_limit is "much"/);
  const forwarded = figure("forwarded_total");
  assert.equal(await agent.stop(), 0);
  assert.equal((await ledgerOf(join(dir.path, "capstan.sqlite"))).turns, forwarded);
});

Deno.test("run --watch takes a changed configuration without being asked", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeHello(dir.path, "world");
  await writeConfig(dir.path, { upstream: upstream.origin });
  await using agent = await startAgent({ dir: dir.path, args: ["run", "--watch"] });
  await writeConfig(dir.path, { upstream: upstream.origin, tables: HELLO_TABLE });
  await says(agent, "Hello world");
  await writeWord(dir.path, 'export const word: string = "moon";\n');
  await says(agent, "Hello moon");
  assert.equal(await agent.stop(), 0);
});

Deno.test("a plugin with a package of its own is loaded again with it, from a folder", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const folder = join(dir.path, "hello");
  const installed = join(folder, "node_modules", "left");
  await Deno.mkdir(installed, { recursive: true });
  await Deno.writeTextFile(
    join(installed, "package.json"),
    '{ "name": "left", "version": "1.0.0", "main": "x.js" }',
  );
  await Deno.writeTextFile(join(installed, "x.js"), 'exports.left = (text) => "left " + text;');
  await Deno.writeTextFile(
    join(folder, "package.json"),
    '{ "main": "hello.ts", "dependencies": { "left": "1.0.0" } }',
  );
  await writeHello(folder, "world");
  const module = HELLO.replace("export default", 'import left from "left";\nexport default')
    .replace("new Response(", "new Response(left.left(").replace("+ word)", "+ word))");
  await Deno.writeTextFile(join(folder, "hello.ts"), module);
  await writeConfig(dir.path, { upstream: upstream.origin, tables: '[plugins.hello]\nmodule = "./hello"\n' });
  await using agent = await startAgent({ dir: dir.path, args: ["run", "--watch"] });
  assert.equal(await hello(agent), "left Hello world");
  await writeWord(folder, 'export const word: string = "moon";\n');
  await says(agent, "left Hello moon");
  assert.equal(await agent.stop(), 0);
});

Deno.test("a changed module of a configuration that was found is loaded again only when it was trusted again", async () => {
  await using dir = await tempDir();
  const home = join(dir.path, "home");
  const project = join(home, "project");
  const folder = join(project, ".capstan");
  await Deno.mkdir(folder, { recursive: true });
  await writeHello(folder, "world");
  await writeConfig(folder, { upstream: "http://127.0.0.1:1", tables: HELLO_TABLE });
  const env = { HOME: home, XDG_STATE_HOME: join(home, "state") };
  const call = (...args: string[]) => capstan({ args, env, cwd: project });
  const module = join(folder, "hello.ts");
  assert.equal((await call("trust")).code, 0);
  assert.equal((await call("plugins", "trust", module)).code, 0);
  await using agent = await startAgent({ dir: project, found: true, env });
  await Deno.writeTextFile(module, HELLO.replace("config.greeting", '"Oh, " + config.greeting'));
  const refused = await call("reload");
  assert.equal(refused.code, 1);
  assert.match(refused.out, /plugin hello: goes on as it was; .*hello\.ts is not trusted/);
  assert.equal(await hello(agent), "Hello world");
  await call("plugins", "trust", module);
  assert.deepEqual(await call("reload"), { code: 0, out: "plugin hello: restarted\n", error: "" });
  assert.equal(await hello(agent), "Oh, Hello world");
  await writeConfig(folder, { upstream: "http://127.0.0.1:2", tables: HELLO_TABLE });
  assert.match((await call("reload")).error, /is not trusted .*changed since/);
  assert.equal(await agent.stop(), 0);
});
