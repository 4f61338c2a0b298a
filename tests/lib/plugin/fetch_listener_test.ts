import assert from "node:assert/strict";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import type { HostChange } from "../../../lib/plugin/host_contract.ts";
import { withHost } from "./rig.ts";

function becomes(plugins: readonly Plugin[]): HostChange {
  const settings = { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };
  return { plugins, pluginSettings: {}, settings, drainMs: 10_000 };
}

const text = async (url: string) => await (await fetch(url)).text();

Deno.test("a listener that answers by fetch goes over to the next instance; with a handler it would be another", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const listen = `127.0.0.1:${free.addr.port}`;
  free.close();
  const plugin = (version: string, by: "fetch" | "handler"): Plugin => ({
    name: "p",
    setup: (ctx) =>
      void ctx.serve({
        name: "own",
        listen,
        ...by === "fetch"
          ? { fetch: () => new Response(version) }
          : { handler: (_request, response) => void response.end(version) },
      }),
  });
  await withHost([plugin("1", "fetch")], async ({ host }) => {
    await host.start();
    assert.equal(await text(`http://${listen}`), "1");
    await host.change(becomes([plugin("2", "fetch")]));
    assert.equal(await text(`http://${listen}`), "2");
    const [outcome] = await host.change(becomes([plugin("3", "handler")]));
    assert.match(outcome?.error ?? "", /Cannot listen on .* for own: another process/);
    assert.equal(await text(`http://${listen}`), "2");
    await host.change(becomes([]));
    await assert.rejects(text(`http://${listen}`));
  });
});

Deno.test("a listener that answers by fetch says 503 while its plugin is down", async () => {
  let broken = false;
  const plugin = (version: string): Plugin => ({
    name: "p",
    setup: (ctx) => {
      ctx.serve({ name: "own", listen: "127.0.0.1:0", fetch: () => new Response(version) });
      return {
        start: () => {
          if (broken) throw new Error("no");
        },
      };
    },
  });
  await withHost([plugin("1")], async ({ host }) => {
    await host.start();
    const { listeners } = await host.status();
    const origin = listeners.find(({ name }) => name === "own")?.origin ?? "";
    assert.equal(await text(origin), "1");
    broken = true;
    await host.change(becomes([plugin("2")]));
    const answer = await fetch(origin);
    assert.deepEqual([answer.status, (await answer.text()).includes("is down")], [503, true]);
    broken = false;
    await host.change(becomes([plugin("3")]));
    assert.equal(await text(origin), "3");
  });
});

Deno.test("a listener needs a handler, or fetch without upgrades", async () => {
  const handler = () => {};
  const fetch = () => new Response();
  for (const wrong of [{}, { handler, fetch }, { fetch, upgrade: handler }]) {
    const plugin: Plugin = {
      name: "p",
      setup: (ctx) => void ctx.serve({ name: "own", listen: "127.0.0.1:0", ...wrong }),
    };
    await withHost([plugin], async ({ host }) => {
      await assert.rejects(
        host.start(),
        /Cannot add listener own for p: what is to answer is not clear; give/,
      );
    });
  }
});
