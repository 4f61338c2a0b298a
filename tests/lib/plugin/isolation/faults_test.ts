import assert from "node:assert/strict";
import { join } from "node:path";
import { type Stage, stage, TIMEOUT_MS } from "./stage.ts";

/** With `random` at 1 the first wait before a new Worker. */
const FIRST_MS = 200;

async function started(changes: Parameters<typeof stage>[1] = {}): Promise<Stage> {
  const it = await stage("shouter", changes);
  await it.hooks.start?.(new AbortController().signal);
  return it;
}

/** The Worker is down; after its wait it runs again and handles a batch. */
async function recovers(it: Stage, waitMs = FIRST_MS): Promise<void> {
  const next = it.handle([{ say: "again" }]);
  assert.equal(it.hooks.health?.().status, "degraded");
  await it.clock.pass(waitMs);
  const { returned } = await next;
  assert.ok(Array.isArray(returned) && returned.length === 1);
  assert.equal(it.hooks.health?.().status, "ok");
}

for (
  const [what, how, said] of [
    ["later", "throws in a timer", /thrown later/],
    ["reject", "leaves a rejection to nobody", /nobody caught me/],
    ["exit", "ends its process", /it ended itself/],
    ["close", "closes itself", /it ended itself/],
  ] as const
) {
  Deno.test(`a plugin that ${how} hurts itself alone: its batch fails, its Worker is started again`, async () => {
    await using it = await started();
    await assert.rejects(it.handle([{ do: what }, { do: "never" }]), said);
    await recovers(it);
    assert.match(it.lines.join("\n"), /Its worker died; it is started again\./);
    assert.deepEqual(it.hooks.health?.().figures?.worker_restarts, 1);
  });
}

Deno.test("a handler that does not answer within handler_timeout fails, with the setting's name", async () => {
  await using it = await started();
  const handling = assert.rejects(
    it.handle([{ do: "never" }]),
    /it did not answer within 1m \(plugins\.shouter\.handler_timeout\)/,
  );
  await it.clock.pass(TIMEOUT_MS);
  await handling;
  await recovers(it);
});

Deno.test("a handler that never gives its thread back is ended all the same", async () => {
  await using it = await started({ handlerTimeoutMs: 10 });
  const handling = assert.rejects(it.handle([{ do: "loop" }]), /it did not answer within 10ms/);
  await it.clock.pass(10);
  await handling;
  await recovers(it);
});

Deno.test("waits before a new Worker double while nothing gets through, and begin anew when something did", async () => {
  await using it = await started();
  for (const waitMs of [200, 400, 800]) {
    await assert.rejects(it.handle([{ do: "reject" }, { do: "never" }]));
    assert.match(it.hooks.health?.().detail ?? "", /its worker is down: nobody caught me/);
    await it.clock.pass(waitMs);
  }
  await it.handle([{ say: "hey" }]);
  await assert.rejects(it.handle([{ do: "reject" }, { do: "never" }]));
  await recovers(it);
});

Deno.test("a batch waits for the next Worker, and no longer than its signal", async () => {
  await using it = await started();
  await assert.rejects(it.handle([{ do: "exit" }, { do: "never" }]));
  const taken = new AbortController();
  const waiting = it.handle([{ say: "hey" }], { signal: taken.signal });
  taken.abort(new Error("the partition went"));
  await assert.rejects(waiting, /the partition went/);
});

Deno.test("a new Worker is told of the partitions it has, and how far they are handled", async () => {
  await using it = await started();
  const { onAssigned, onRevoked } = it.streams[0]?.options ?? {};
  const came = (partition: number) => ({ topic: "quiet.v1", partition, committed: null, rows: null });
  await onAssigned?.([came(0), came(1)]);
  await onRevoked?.([{ topic: "quiet.v1", partition: 1 }]);
  await it.handle([{ say: "a" }, { say: "b" }]);
  const before = (await it.handle([{ do: "partitions" }])).returned;
  assert.ok(Array.isArray(before));
  assert.equal(new TextDecoder().decode(before[0].value), "+0@null +1@null -1");
  await assert.rejects(it.handle([{ do: "exit" }, { do: "never" }]));
  const next = it.handle([{ do: "partitions" }]);
  await it.clock.pass(FIRST_MS);
  const { returned } = await next;
  assert.ok(Array.isArray(returned));
  // The batch that waits for it begins at offset 5; all before went through, or came again.
  assert.equal(new TextDecoder().decode(returned[0].value), "+0@5");
});

Deno.test("a plugin stops while its Worker is down, and starts no other", async () => {
  const it = await started();
  await assert.rejects(it.handle([{ do: "exit" }, { do: "never" }]));
  await it.hooks.drain?.(new AbortController().signal);
  await it.hooks.stop?.();
  await assert.rejects(it.handle([{ say: "hey" }]), /Cannot call shouter: it was stopped/);
});

Deno.test("a plugin that hangs in stop() is ended after ten seconds, which is said", async () => {
  const it = await stage("hanging");
  await it.hooks.start?.(new AbortController().signal);
  const stopping = assert.rejects(
    async () => await it.hooks.stop?.(),
    /Cannot stop hanging: it took longer than 10 s/,
  );
  await it.clock.pass(10_000);
  await stopping;
});

Deno.test("a start() that throws, or takes too long, stops the agent's start", async () => {
  await using throwing = await stage("hanging", { settings: { start: "throw" } });
  await assert.rejects(
    async () => await throwing.hooks.start?.(new AbortController().signal),
    /no start today/,
  );
  await using hanging = await stage("hanging", { settings: { start: "hang" } });
  const starting = assert.rejects(
    async () => await hanging.hooks.start?.(new AbortController().signal),
    /handler_timeout/,
  );
  await hanging.clock.pass(TIMEOUT_MS);
  await starting;
});

Deno.test("a module that has changed since it was loaded is not started again by a crash", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const module = new URL("./plugins/shouter.ts", import.meta.url);
    const path = join(folder, "shouter.ts");
    const text = await Deno.readTextFile(module);
    await Deno.writeTextFile(path, text);
    await using it = await stage("shouter", { path, settings: { mark: "!" } });
    await it.hooks.start?.(new AbortController().signal);
    await Deno.writeTextFile(path, text.replace("toUpperCase", "toLowerCase"));
    await assert.rejects(it.handle([{ do: "exit" }, { do: "never" }]));
    await it.clock.pass(FIRST_MS);
    await it.clock.awaited(2 * FIRST_MS);
    await Deno.writeTextFile(path, text);
    const next = it.handle([{ say: "Hey" }]);
    await it.clock.pass(2 * FIRST_MS);
    const { returned } = await next;
    assert.ok(Array.isArray(returned));
    assert.equal(new TextDecoder().decode(returned[0].value), "HEY!");
    assert.match(it.lines.join("\n"), /shouter\.ts has changed since it was loaded; reload the agent/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a batch that kills the Worker costs the batches beside it no attempt", async () => {
  await using it = await started();
  const innocent = it.handle([{ do: "sleep", say: "hey" }], { partition: 1 });
  await it.clock.awaited(5_000);
  const guilty = it.handle([{ do: "exit" }, { do: "never" }], { partition: 0 });
  const refused = assert.rejects(guilty, /its worker died: it ended itself/);
  // The death of both, and then the one of the guilty batch alone.
  await it.clock.pass(FIRST_MS);
  await it.clock.pass(5_000);
  await refused;
  const { returned } = await innocent;
  assert.ok(Array.isArray(returned) && returned.length === 1);
  assert.equal(it.hooks.health?.().detail?.includes("its worker is down"), true);
  const again = assert.rejects(
    it.handle([{ do: "exit" }, { do: "never" }], { partition: 0 }),
    /its worker died/,
  );
  await it.clock.pass(FIRST_MS);
  await again;
});
