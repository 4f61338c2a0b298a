import assert from "node:assert/strict";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { FetchServer } from "../../../lib/http/fetch_server.ts";
import type { HttpTarget, ListenerOptions } from "../../../lib/http/http_target.ts";

const target = (fetch: HttpTarget["fetch"]): HttpTarget => ({ handler: () => {}, fetch });

async function serve(
  fetch: HttpTarget["fetch"],
  options: Partial<ListenerOptions> = {},
): Promise<FetchServer> {
  const server = new FetchServer({
    ...{ name: "api", listen: "127.0.0.1:0", setting: "plugins.p.listen", ...target(fetch) },
    ...options,
  });
  await server.listen();
  return server;
}

const ask = async (server: FetchServer, init?: RequestInit) => {
  const response = await fetch(`${server.origin}/`, init);
  return `${response.status} ${await response.text()}`;
};

/** Resolves when a request waits for the next target. */
async function waits(server: FetchServer): Promise<void> {
  while (server.waiting === 0) await setImmediate();
}

/** Answers when it is told to. */
function slow() {
  const entered = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  return {
    entered: entered.promise,
    answer: answer.resolve,
    fetch: async () => {
      entered.resolve();
      return new Response(await answer.promise);
    },
  };
}

Deno.test("FetchServer answers by fetch; what it throws is a 500, and said", async () => {
  const errors: unknown[] = [];
  const server = await serve(async (request) => {
    const body = await request.text();
    if (body === "late") throw new Error("thrown late");
    return new Response(body);
  }, { onError: (error) => void errors.push(error) });
  assert.equal(await ask(server, { method: "POST", body: "hello" }), "200 hello");
  assert.equal(await ask(server, { method: "POST", body: "late" }), "500 Internal error\n");
  server.serve(target(() => {
    throw new Error("thrown at once");
  }));
  assert.equal(await ask(server), "500 Internal error\n");
  assert.deepEqual(errors.map(String), ["Error: thrown late", "Error: thrown at once"]);
  await server.settled(server.target, AbortSignal.timeout(10_000));
  await server.close();
});

Deno.test("a port that is taken is reported with the setting to change", async () => {
  const first = await serve(() => new Response());
  const listen = new URL(first.origin ?? "").host;
  await assert.rejects(
    serve(() => new Response(), { listen }),
    new RegExp(`Cannot listen on ${listen} for api: another process.*change plugins.p.listen`),
  );
  await first.close();
});

Deno.test("an address of every interface reads as loopback", async () => {
  const server = await serve(() => new Response("here"), { listen: ":0" });
  assert.match(server.origin ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(await ask(server), "200 here");
  await server.close();
  assert.equal(server.origin, undefined);
});

Deno.test("close() lets a request under way finish, closes idle connections, and takes no new ones", async () => {
  const call = slow();
  const server = await serve(call.fetch);
  const { hostname, port } = new URL(server.origin ?? "");
  const idle = connect(Number(port), hostname);
  await new Promise((resolve) => idle.once("connect", resolve));
  const idleClosed = new Promise((resolve) => idle.once("close", resolve));
  idle.on("error", () => {});
  const answered = ask(server);
  await call.entered;
  const closed = server.close();
  await idleClosed;
  await assert.rejects(
    new Promise((resolve, reject) => connect(Number(port), hostname, () => resolve(0)).on("error", reject)),
    /ECONNREFUSED/,
  );
  call.answer("late");
  assert.equal(await answered, "200 late");
  await closed;
  await server.close();
});

Deno.test("close() cuts off what is under way when its signal aborts", async () => {
  const call = slow();
  const server = await serve(call.fetch);
  const answered = ask(server);
  await call.entered;
  const over = new AbortController();
  const closed = server.close(over.signal);
  over.abort();
  assert.match(await answered, /^503 /);
  await closed;
  call.answer("nobody hears it");
});

Deno.test("the port is free when close() has cut off", async () => {
  for (let round = 0; round < 20; round++) {
    const first = await serve(() => new Response());
    const listen = new URL(first.origin ?? "").host;
    await first.close(AbortSignal.abort());
    const second = await serve(() => new Response("next"), { listen });
    assert.equal(await ask(second), "200 next");
    await second.close(AbortSignal.abort());
  }
});

Deno.test("close() answers 503 to what waits for a next target when its signal aborts", async () => {
  const server = await serve(() => new Response("never"));
  server.hold();
  const waiting = ask(server);
  await waits(server);
  await server.close(AbortSignal.abort());
  assert.match(await waiting, /^503 The plugin that answers here has stopped/);
});

Deno.test("requests that come while it is held are the next target's; those before end with their own", async () => {
  const call = slow();
  const server = await serve(call.fetch);
  const former = server.target;
  const first = ask(server);
  await call.entered;
  server.hold();
  const second = ask(server);
  await waits(server);
  server.hold();
  const settled = server.settled(former, AbortSignal.timeout(10_000));
  server.serve(target(() => new Response("the next")));
  assert.equal(await second, "200 the next");
  call.answer("the former");
  assert.equal(await first, "200 the former");
  await settled;
  await server.close();
});

Deno.test("settled() answers 503 in the place of a target that does not end in time", async () => {
  const call = slow();
  const server = await serve(call.fetch);
  const first = ask(server);
  await call.entered;
  const former = server.target;
  server.serve(target(() => new Response("the next")));
  await server.settled(former, AbortSignal.abort());
  assert.match(await first, /^503 The plugin that answers here has stopped/);
  assert.equal(await ask(server), "200 the next");
  call.answer("too late");
  await server.settled(former, AbortSignal.abort());
  await server.close();
});

Deno.test("FetchServer closes unstarted, and twice", async () => {
  const server = new FetchServer({ name: "api", listen: "127.0.0.1:0", ...target(() => new Response()) });
  await server.close();
  await server.close();
});
