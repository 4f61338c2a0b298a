import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { oneTurn } from "./turns.ts";

Deno.test("outbox drain asks the running agent, and says what still waits when its time is over", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  // Nobody listens there.
  const tables = `[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n`;
  await writeConfig(dir.path, { upstream: upstream.origin, tables });
  await using agent = await startAgent({ dir: dir.path });
  await oneTurn(agent.proxy, "hello", { stream: false });
  const { code, out, error } = await capstan({
    args: ["outbox", "drain", "--timeout", "3", "--config-dir", dir.path],
  });
  assert.equal(code, 1, out);
  assert.match(error, /Cannot drain the outbox in time: \d+ events still wait/);
});

Deno.test("outbox drain with an agent that has an empty outbox ends at once", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const tables = `[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n`;
  await writeConfig(dir.path, { upstream: upstream.origin, tables });
  await using _agent = await startAgent({ dir: dir.path });
  const { code, out } = await capstan({
    args: ["outbox", "drain", "--timeout", "30", "--config-dir", dir.path],
  });
  assert.equal(code, 0);
  assert.match(out, /^the agent has sent everything, in .*; nothing waits\n$/);
});
