import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";
import { becomes, originOf, text, versioned } from "./reload_rig.ts";

Deno.test("a next instance that can't be set up, or opens a port that is taken, leaves the former one running", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const address = blocker.address();
  const taken = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const said: string[] = [];
  try {
    await withHost([versioned("1", said)], async ({ host, lines }) => {
      await host.start();
      const broken: Plugin = {
        name: "p",
        setup(ctx) {
          ctx.topic({ name: "half", partitions: 1 });
          throw new Error("no");
        },
      };
      const [first] = await host.change(becomes([broken]));
      assert.deepEqual([first?.plugin, first?.outcome], ["p", "kept"]);
      assert.match(first?.error ?? "", /^Cannot set up plugin p: no; correct it, or set plugins\.p\.enabled/);
      const [second] = await host.change(becomes([versioned("2", said, { listen: taken })]));
      assert.equal(second?.outcome, "kept");
      assert.match(second?.error ?? "", /another listener of this one, has it/);
      assert.deepEqual(said, ["setup 1", "start 1", "setup 2"]);
      assert.equal(await text(await originOf(host)), "1");
      assert.match(lines.join("\n"), /could not be changed; it goes on as it was.*plugin=p/);
      assert.deepEqual(host.topics().map(({ name }) => name), []);
    });
  } finally {
    blocker.close();
  }
});

Deno.test("when the next instance does not start, the former one's code is started again", async () => {
  const said: string[] = [];
  const failing = versioned("2", said);
  const setup: Plugin["setup"] = (ctx, config) => ({
    ...failing.setup(ctx, config),
    start: () => {
      throw new Error("no such server");
    },
  });
  await withHost([versioned("1", said)], async ({ host }) => {
    await host.start();
    const origin = await originOf(host);
    const [outcome] = await host.change(becomes([{ ...failing, setup }]));
    assert.equal(outcome?.outcome, "kept");
    assert.match(outcome?.error ?? "", /Cannot start plugin p: no such server/);
    assert.deepEqual(said, [
      ...["setup 1", "start 1", "setup 2", "drain 1", "stop 1", "stop 2"],
      ...["setup 1", "start 1"],
    ]);
    assert.equal(await text(origin), "1");
  });
});

Deno.test("a plugin that can't even be started as it was is down, the agent stays up, and the next change tries again", async () => {
  const said: string[] = [];
  let broken = false;
  const plugin = (version: string): Plugin => ({
    ...versioned(version, said),
    setup: (ctx, config) => ({
      ...versioned(version, said).setup(ctx, config),
      start: () => {
        if (broken) throw new Error("no");
      },
    }),
  });
  await withHost([plugin("1")], async ({ host, lines }) => {
    await host.start();
    const origin = await originOf(host);
    broken = true;
    const [outcome] = await host.change(becomes([plugin("2")]));
    assert.equal(outcome?.outcome, "down");
    assert.equal(host.health().p?.status, "degraded");
    assert.match(lines.join("\n"), /A plugin does not run; the next change tries again\. .*plugin=p/);
    const answer = await fetch(origin);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /is down/);
    broken = false;
    assert.deepEqual(await host.change(becomes([plugin("3")])), [{ plugin: "p", outcome: "started" }]);
    assert.equal(await text(origin), "3");
    assert.equal(host.health().p, undefined);
  });
});
