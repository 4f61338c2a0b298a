import assert from "node:assert/strict";
import { join } from "node:path";
import { stage } from "./stage.ts";

const text = (value: unknown) => value instanceof Uint8Array ? new TextDecoder().decode(value) : value;

Deno.test("an isolated plugin registers what its setup registers, and says its settings' schema", async () => {
  await using it = await stage("shouter");
  assert.deepEqual(it.topics, ["quiet.v1", "loud.v1", "notes.v1"]);
  assert.deepEqual(it.streams.map(({ options }) => options.topics), [["quiet.v1"]]);
  assert.deepEqual([...it.routes.keys()], ["POST /shout/:who"]);
});

Deno.test("a batch is handled in the Worker; values come back as the bytes of their topic", async () => {
  await using it = await stage("shouter", { settings: { mark: "?" } });
  await it.hooks.start?.(new AbortController().signal);
  const { returned, failed } = await it.handle([{ say: "hey" }, null, { do: "fail", say: "no" }, {
    say: "ho",
  }]);
  assert.ok(Array.isArray(returned));
  assert.deepEqual(returned.map(({ topic, value }) => [topic, text(value)]), [
    ["loud.v1", "HEY?"],
    ["loud.v1", "NO?"],
    ["loud.v1", "HO?"],
  ]);
  assert.deepEqual(failed.map(([at, cause]) => [at, cause instanceof Error && cause.message]), [[
    2,
    "not this one",
  ]]);
  assert.deepEqual((await it.handle([{}])).returned, undefined);
});

Deno.test("a request comes back whole, following from the agent's own record", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  const { returned } = await it.handle([{ do: "key" }]);
  assert.ok(Array.isArray(returned));
  const [{ topic, key, value, headers, partition, timestamp, from }] = returned;
  assert.deepEqual([topic, text(key), text(value), partition, timestamp], [
    "quiet.v1",
    "key",
    '{"do":"key"}',
    1,
    5,
  ]);
  assert.deepEqual(headers, [["a", new TextEncoder().encode("b")]]);
  assert.deepEqual(from.headers, [["trace", new Uint8Array([1, 2])]]);
});

Deno.test("what a handler throws arrives with its cause and its stack", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  const error: unknown = await it.handle([{ do: "throw" }]).catch((thrown) => thrown);
  assert.ok(error instanceof TypeError && error.message === "no voice");
  assert.match(error.stack ?? "", /shouter\.ts/);
  assert.ok(error.cause instanceof RangeError && "code" in error.cause && error.cause.code === "E_THROAT");
  await assert.rejects(it.handle([{ do: "stranger" }]), /Cannot fail offset 99: it is not in this batch/);
  await assert.rejects(
    it.handle([{ do: "bad" }]),
    /Cannot publish to loud\.v1: its values are text, not an object/,
  );
  await assert.rejects(it.handle([{ do: "odd" }]), /Cannot use what the handler returned/);
  await assert.rejects(
    it.handle([{ do: "write" }]),
    /Cannot give shouter write\(tx\): it is isolated .*return outputs instead/,
  );
  assert.equal(it.hooks.health?.().status, "ok");
});

Deno.test("a producer, append, lag and pause go by the agent; a full disk is told as it is", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  await it.handle([{ do: "note", say: "x" }, { do: "append", say: "y" }, { do: "pause" }]);
  assert.deepEqual(it.sent.map(({ how, topic, key, value }) => [how, topic, text(key), text(value)]), [
    ["producer", "notes.v1", "k", '{"noted":"x"}'],
    ["append", "notes.v1", undefined, '{"appended":"y"}'],
  ]);
  assert.deepEqual(it.sent[0]?.from?.headers, [["trace", new Uint8Array([1, 2])]]);
  assert.deepEqual(it.calls, ["pause"]);
  const { returned } = await it.handle([{ do: "lag" }]);
  assert.ok(Array.isArray(returned) && text(returned[0].value) === "7");
  it.storage = { accepting: false, reason: "no room" };
  const told = (await it.handle([{ do: "storage" }])).returned;
  assert.ok(Array.isArray(told));
  assert.deepEqual(JSON.parse(`${text(told[0].value)}`), { accepting: false, reason: "no room" });
  const error: unknown = await it.handle([{ do: "note" }]).catch((thrown) => thrown);
  assert.ok(
    error instanceof Error && error.name === "StoreError" && "failure" in error && error.failure === "full",
  );
});

const CALLER = { name: "local", roles: ["admin"] } as const;

Deno.test("a route answers with status, headers and body; what it throws is thrown here", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  const route = it.routes.get("POST /shout/:who");
  const request = () => new Request("http://agent.local/shout/me?x=1", { method: "POST", body: "hello" });
  const answer = await route?.(request(), { who: "me" }, CALLER);
  assert.equal(answer?.status, 201);
  assert.equal(answer?.headers.get("x-url"), "http://agent.local/shout/me?x=1");
  assert.equal(await answer?.text(), "me: HELLO");
  await assert.rejects(async () => await route?.(request(), { who: "nobody" }, CALLER), /nobody hears/);
});

Deno.test("metrics, log lines and health of the Worker are the plugin's own; secrets stay hidden in print", async () => {
  await using it = await stage("shouter", { settings: { token: "s3cr3t", mark: "!" } });
  assert.equal(it.hooks.health?.().status, "degraded");
  await it.hooks.start?.(new AbortController().signal);
  await it.handle([{}, {}]);
  const text = await it.metrics();
  assert.match(text, /seen_total\{topic="quiet.v1"\} 2/);
  assert.match(text, /depth_bucket\{le="10"\} 1/);
  assert.match(text, /^started 1$/m);
  assert.equal(it.hooks.health?.().status, "ok");
  assert.doesNotMatch(it.lines.join("\n"), /s3cr3t/);
  assert.match(it.lines.join("\n"), /It started\./);
  await it.hooks.drain?.(new AbortController().signal);
  await it.hooks.stop?.();
  await it.hooks.stop?.();
  assert.deepEqual(it.hooks.lost?.(), ["a whisper"]);
  assert.match(it.lines.join("\n"), /It drained\..*\n.*It stopped\./);
});

Deno.test("the Worker's time is the agent's", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  it.clock.time = 5_000_000_000;
  const { returned } = await it.handle([{ do: "now" }]);
  assert.ok(Array.isArray(returned));
  assert.match(`${text(returned[0].value)}`, /^500000\d{4}$/);
  const sleeping = it.handle([{ do: "sleep", say: "awake" }]);
  await it.clock.pass(5_000);
  const awake = (await sleeping).returned;
  assert.ok(Array.isArray(awake) && awake.length === 1);
});

Deno.test("a batch that is taken away aborts its signal in the Worker", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  const taken = new AbortController();
  const handling = it.handle([{ do: "abort" }], { signal: taken.signal });
  taken.abort();
  await assert.rejects(handling, { name: "AbortError" });
});

Deno.test("an isolated plugin reads its own folder, and nothing else unless it is said", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  await it.handle([{ do: "own" }]);
  for (const what of ["read", "env", "net", "run"]) {
    await assert.rejects(it.handle([{ do: what }]), { name: "NotCapable" }, what);
  }
  await using may = await stage("shouter", {
    permissions: { read: ["/etc/hostname"], env: ["HOME"], net: ["*"] },
  });
  await may.hooks.start?.(new AbortController().signal);
  await may.handle([{ do: "read" }, { do: "env" }, { do: "net" }]);
  await assert.rejects(may.handle([{ do: "run" }]), { name: "NotCapable" });
});

Deno.test("a module that imports files outside of its folder is not loaded, unless it may read them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "plugin"));
    await Deno.writeTextFile(join(folder, "beside.ts"), 'export default { name: "beside", setup() {} };');
    const path = join(folder, "plugin", "mod.ts");
    await Deno.writeTextFile(path, 'export { default } from "../beside.ts";');
    await assert.rejects(
      stage("beside", { path }),
      /Requires read access to .*beside\.ts.* \(plugins\.beside\.permissions say what it may\)/s,
    );
    await using _it = await stage("beside", { path, permissions: { read: [folder] } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what an isolated plugin can't have is refused at its setup, with its name and what to do", async () => {
  const cases: [string, RegExp][] = [
    [
      "serve",
      /Cannot give refused the listener door: it is isolated \(plugins\.refused\.isolation = "worker"\), .*ctx\.route/,
    ],
    ["store", /Cannot give refused a store: .*take isolation out/],
    ["command", /Cannot give refused the command "refuse me": .*plugin of its own/],
    ["erasure", /Cannot give refused a handler of erasures: .*beside a running agent/],
    ["state", /Cannot give refused the state of the stream over quiet\.v1: .*onAssigned/],
    ["worker", /Cannot give refused the worker module of the stream over quiet\.v1: .*the handler itself/],
    ["codec", /Cannot give refused the codec own of topic t: .*"json", "text" or "bytes"/],
    ["throw", /it does not want to/],
  ];
  await Promise.all(
    cases.map(([wants, wrong]) => assert.rejects(stage("refused", { settings: { wants } }), wrong)),
  );
});

Deno.test("a handler at work hears that the disk is full", async () => {
  await using it = await stage("shouter");
  await it.hooks.start?.(new AbortController().signal);
  const handling = it.handle([{ do: "sleep" }, { do: "full", say: "stop" }]);
  await it.clock.pass(5_000);
  it.storage = { accepting: false, reason: "no room" };
  const { returned } = await handling;
  assert.ok(Array.isArray(returned) && returned.length === 1);
});
