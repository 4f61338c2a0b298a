import assert from "node:assert/strict";
import type { PluginContext, RouteHandler } from "capstan";
import { registerApi } from "../../../plugins/tapes/api.ts";
import { assistant, chat, user } from "./derive/calls.ts";
import { type Harness, openHarness } from "./derive/deriver_harness.ts";

/** The API's routes on a harness's file, by path. */
function routesOf(
  harness: Harness,
): (path: string, hash?: string) => Promise<{ status: number; body: unknown }> {
  const routes = new Map<string, RouteHandler>();
  const ctx: Pick<PluginContext, "route"> = {
    route: (method, path, handler) => void routes.set(`${method} ${path}`, handler),
  };
  registerApi(ctx, harness.store);
  return async (path, hash = "") => {
    const response = await routes.get(`GET ${path}`)?.(new Request("http://localhost/"), { hash }, {
      name: "local",
      roles: ["admin"],
    });
    assert.ok(response, path);
    assert.equal(response.headers.get("content-type"), "application/json");
    return { status: response.status, body: await response.json() };
  };
}

const CALLS = [
  chat(1, [user("hello")], "hi"),
  chat(2, [user("hello"), assistant("hi"), user("more")], ["sure", "of course"], { agent: "claude" }),
  chat(3, [user("hello"), assistant("hi"), user("again")], "yes"),
];

Deno.test("the API answers as tapes does: ping, stats", async () => {
  await using harness = await openHarness();
  const get = routesOf(harness);
  assert.deepEqual(await get("/ping"), { status: 200, body: "pong" });
  assert.deepEqual((await get("/dag/stats")).body, { total_nodes: 0, root_count: 0, leaf_count: 0 });
  await harness.derive(CALLS);
  assert.deepEqual((await get("/dag/stats")).body, { total_nodes: 9, root_count: 2, leaf_count: 3 });
});

Deno.test("the API answers a node with its bucket, and 404 for one that is not there", async () => {
  await using harness = await openHarness();
  const get = routesOf(harness);
  await harness.derive(CALLS.slice(0, 1));
  const [root, answer] = harness.rows<{ hash: string }>("nodes");
  assert.deepEqual(await get("/dag/node/:hash", answer?.hash), {
    status: 200,
    body: {
      hash: answer?.hash,
      parent_hash: root?.hash,
      bucket: {
        type: "message",
        role: "assistant",
        content: [{ type: "text", text: "hi" }],
        model: "small",
        provider: "openai",
      },
      stop_reason: "stop",
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      project: "demo",
    },
  });
  const missing = { status: 404, body: { error: "node not found" } };
  assert.deepEqual(await get("/dag/node/:hash", "none"), missing);
  assert.deepEqual(await get("/dag/history/:hash", "none"), missing);
});

Deno.test("the API answers one history, root first, and the histories of all leaves", async () => {
  await using harness = await openHarness();
  const get = routesOf(harness);
  assert.deepEqual((await get("/dag/history")).body, { count: 0, histories: [] });
  await harness.derive(CALLS.slice(0, 1));
  const [root, answer] = harness.rows<{ hash: string }>("nodes");
  const history = {
    messages: [
      {
        hash: root?.hash,
        role: "user",
        content: [{ type: "text", text: "hello" }],
        model: "small",
        provider: "openai",
      },
      {
        hash: answer?.hash,
        parent_hash: root?.hash,
        role: "assistant",
        content: [{ type: "text", text: "hi" }],
        model: "small",
        provider: "openai",
        stop_reason: "stop",
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      },
    ],
    head_hash: answer?.hash,
    depth: 2,
  };
  assert.deepEqual((await get("/dag/history/:hash", answer?.hash)).body, history);
  assert.deepEqual((await get("/dag/history")).body, { count: 1, histories: [history] });
  await harness.derive(Array.from({ length: 120 }, (_, at) => chat(10 + at, [user(`q ${at}`)], "a")));
  const { body } = await get("/dag/history");
  assert.ok(typeof body === "object" && body !== null && "count" in body && "histories" in body);
  assert.equal(body.count, 121);
  assert.ok(Array.isArray(body.histories) && body.histories.length === 121);
});
