import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { ledgerOf } from "./ledger.ts";
import { nodeEvent, recordsOf } from "./records.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { oneTurn } from "./turns.ts";

Deno.test("serve proxy takes tapes' flags, and its admin listener takes a free port", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const args = ["serve", "proxy", "-l", "127.0.0.1:0", "-u", upstream.origin, "--provider", "openai"];
  await using agent = await startAgent({
    dir: dir.path,
    args: [...args, "--project", "mine", "-s", `${dir.path}/other.sqlite`, "-d"],
  });
  assert.match(agent.said(), new RegExp(`OPENAI_BASE_URL=${agent.proxy}/v1`));
  assert.equal(await oneTurn(agent.proxy, "hello", { stream: false }), "echo: hello");
  assert.equal(await agent.stop(), 0, agent.said());
  assert.deepEqual(await ledgerOf(`${dir.path}/other.sqlite`), { turns: 1, nodes: 2 });
  const [event] = await recordsOf("tapes.nodes.v1", {
    dir: dir.path,
    args: ["-s", `${dir.path}/other.sqlite`],
  });
  assert.ok(event);
  assert.equal(Reflect.get(nodeEvent(event).node, "project"), "mine");
});

Deno.test("serve runs proxy and API, and the flags of its settings count", async () => {
  await using dir = await tempDir();
  const args = ["serve", "-l", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--provider", "anthropic"];
  await using agent = await startAgent({ dir: dir.path, args });
  assert.match(agent.said(), new RegExp(`ANTHROPIC_BASE_URL=${agent.proxy}\\s`));
  assert.equal((await fetch(`${agent.admin}/ping`)).status, 200);
  assert.equal((await fetch(`${agent.admin}/dag/stats`)).status, 200);
});

Deno.test("the environment counts, tapes' too, and a flag wins over it", async () => {
  await using dir = await tempDir();
  await using agent = await startAgent({
    dir: dir.path,
    args: ["run", "--admin-listen", "127.0.0.1:0"],
    env: {
      TAPES_PROXY_LISTEN: "127.0.0.1:0",
      TAPES_PROXY_PROVIDER: "openai",
      CAPSTAN_ADMIN_LISTEN: "127.0.0.1:1",
    },
  });
  assert.match(agent.said(), /OPENAI_BASE_URL=/);
});

Deno.test("Kafka's flags are serve proxy's alone, and need each other", async () => {
  await using dir = await tempDir();
  const brokers = ["--kafka-brokers", "127.0.0.1:1", "--config-dir", dir.path];
  const { code, error } = await capstan({ args: ["serve", "proxy", ...brokers] });
  assert.equal(code, 78);
  assert.match(error, /--kafka-brokers: publisher\.kafka\.brokers is set without publisher\.kafka\.topic/);
  assert.equal((await capstan({ args: ["serve", ...brokers] })).code, 2);
  assert.equal((await capstan({ args: ["run", ...brokers] })).code, 2);
});

Deno.test("a port that is taken ends the start with 1 and names the port and the setting", async () => {
  await using dir = await tempDir();
  await using taken = await startStandIn();
  const listen = new URL(taken.origin).host;
  const { code, error } = await capstan({
    args: ["run", "--listen", listen, "--admin-listen", "127.0.0.1:0", "--config-dir", dir.path],
  });
  assert.equal(code, 1);
  assert.ok(error.includes(listen), error);
});
