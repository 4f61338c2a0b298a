import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { openTestAgent, testPlugin } from "capstan/testing";
import webhookSink from "./mod.ts";

const turns = [{ value: { id: "1" } }, { value: { id: "2" } }];

interface Hook extends AsyncDisposable {
  url: string;
  posted: { body: string; signature: string | null }[];
}

/** A server that refuses so many posts, and takes the others. */
function hook(refusals: number): Hook {
  const posted: Hook["posted"] = [];
  const answer = async (request: Request) => {
    posted.push({ body: await request.text(), signature: request.headers.get("x-signature") });
    return new Response(null, { status: posted.length <= refusals ? 503 : 204 });
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    posted,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const taking = hook(0);
Deno.test.afterAll(async () => await taking[Symbol.asyncDispose]());
testPlugin(webhookSink, {
  config: { url: taking.url, secret: "key" },
  records: { "tapes.turns.v1": turns },
});

Deno.test("webhook_sink posts a batch, signed, and counts it", async () => {
  await using server = hook(0);
  await using agent = await openTestAgent(webhookSink, { config: { url: server.url, secret: "key" } });
  await agent.deliver("tapes.turns.v1", turns);
  const [first, ...more] = server.posted;
  assert.deepEqual([JSON.parse(first?.body ?? ""), more], [[{ id: "1" }, { id: "2" }], []]);
  const signature = createHmac("sha256", "key").update(first?.body ?? "").digest("hex");
  assert.equal(first?.signature, `sha256=${signature}`);
  assert.equal(await agent.metrics("posted_total"), 2);
});

Deno.test("webhook_sink posts a batch again that was refused, later each time", async () => {
  await using server = hook(2);
  await using agent = await openTestAgent(webhookSink, { config: { url: server.url, secret: "key" } });
  const before = agent.clock.now;
  await agent.deliver("tapes.turns.v1", turns);
  assert.equal(server.posted.length, 3);
  assert.equal(agent.clock.now - before, 150 + 300);
  assert.deepEqual(agent.deadLetters("tapes.turns.v1"), []);
});

Deno.test("webhook_sink gives turns up that nobody takes", async () => {
  await using server = hook(Infinity);
  await using agent = await openTestAgent(webhookSink, { config: { url: server.url, secret: "key" } });
  await agent.deliver("tapes.turns.v1", turns);
  const letters = agent.deadLetters("tapes.turns.v1");
  assert.deepEqual(letters.map(({ data }) => data), [{ id: "1" }, { id: "2" }]);
  assert.match(letters[0]?.error ?? "", /answered 503/);
});

Deno.test("webhook_sink does not start without a URL and a secret", async () => {
  await assert.rejects(openTestAgent(webhookSink), /Cannot post turns: set url and secret/);
});
