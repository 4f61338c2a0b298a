import assert from "node:assert/strict";
import type { Plugin, StreamHandler, StreamOptions } from "capstan";
import { openTestAgent } from "capstan/testing";
import insights from "../../../../plugins/insights/mod.ts";
import type { settings } from "../../../../plugins/insights/settings.ts";
import make, { state } from "../../../../plugins/insights/streams/streams_worker.ts";

Deno.test("the Worker makes every stream of insights that names it, with its state, and is told no secret", async () => {
  const streams: StreamOptions[] = [];
  const noting: Plugin<typeof settings> = {
    ...insights,
    setup: (ctx, config) =>
      insights.setup({
        ...ctx,
        stream<V>(options: StreamOptions, handler?: StreamHandler<V>) {
          streams.push(options);
          return ctx.stream(options, handler);
        },
      }, config),
  };
  const config = {
    webhooks: { pager: { url: "http://127.0.0.1:1/", secret: "hush-webhook" } },
    api: { keys: { app: { key: "hush-api-key", tenant: "acme" } } },
  };
  await using agent = await openTestAgent(noting, { config });
  const ctx: Parameters<typeof make>[0] = {
    log: { debug() {}, info() {}, warn() {}, error() {}, child: () => ctx.log },
    redact: { text: (text: string) => text } as Parameters<typeof make>[0]["redact"],
    now: () => agent.clock.now,
    counter: () => ({ inc() {} }),
    read: () => assert.fail("nothing is read before a batch comes"),
  };
  const inWorker = streams.filter(({ worker }) => worker);
  assert.equal(new Set(inWorker.map(({ group }) => group)).size, 8);
  for (const { group, worker, state: its } of inWorker) {
    const sent: unknown = structuredClone(worker?.options);
    assert.doesNotMatch(JSON.stringify(sent), /hush/, group);
    assert.equal(typeof await make(ctx, sent), "function", group);
    if (its) assert.equal(String(state(sent).reset), String(its.reset), group);
    else assert.throws(() => state(sent), /it keeps none/, group);
  }
  assert.ok(inWorker.some(({ state: its }) => its));
});
