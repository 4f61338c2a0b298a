import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { HttpServer, type HttpServerOptions } from "../../../lib/http/http_server.ts";
import type { IdleOptions } from "../../../lib/http/idle_connections.ts";

async function serve(options: Partial<HttpServerOptions>, idle?: IdleOptions): Promise<HttpServer> {
  const server = new HttpServer({
    name: "proxy",
    listen: "127.0.0.1:0",
    setting: "plugins.tapes.listen",
    handler: (_, response) => void response.end("hello"),
    ...options,
  }, idle);
  await server.listen();
  return server;
}

/** A raw request, so that path and connection are as written. */
function get(server: HttpServer, path: string, headers: Record<string, string> = {}): Promise<string> {
  const { hostname, port } = new URL(server.origin ?? "");
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk) => body += chunk).on("end", () => resolve(body));
      response.on("error", reject);
    });
    asked.on("error", reject).end();
  });
}

Deno.test("HttpServer gives a handler the request target as it was sent", async () => {
  const server = await serve({ handler: (asked, response) => void response.end(asked.url) });
  assert.equal(await get(server, "//a/../b%2Fc?x=%zz"), "//a/../b%2Fc?x=%zz");
  await server.close();
});

Deno.test("a port that is taken is reported with the setting to change", async () => {
  const first = await serve({});
  const listen = new URL(first.origin ?? "").host;
  await assert.rejects(
    serve({ listen }),
    new RegExp(`Cannot listen on ${listen} for proxy: .*plugins.tapes.listen`),
  );
  await first.close();
});

/** What comes back on a connection until it is closed. */
function said(server: HttpServer, request: string): Promise<string> {
  const { hostname, port } = new URL(server.origin ?? "");
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.setEncoding("latin1").on("data", (part) => text += part);
    socket.on("error", reject).on("close", () => resolve(text));
  });
}

Deno.test("a connection is closed when it has been idle for long, after an answer or without one, not while a call is under way", async () => {
  const entered = Promise.withResolvers<() => void>();
  const server = await serve({
    handler: ({ url }, response) =>
      url === "/slow" ? entered.resolve(() => void response.end("late")) : void response.end("soon"),
  }, { idleMs: 40, everyMs: 5 });
  const slow = get(server, "/slow", { connection: "keep-alive" });
  const finish = await entered.promise;
  assert.match(await said(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), /\r\n\r\nsoon$/);
  assert.equal(await said(server, ""), "");
  finish();
  assert.equal(await slow, "late");
  await server.close();
});

Deno.test("a connection with a call now and then stays open", async () => {
  const server = await serve({}, { idleMs: 40, everyMs: 1 });
  const { hostname, port } = new URL(server.origin ?? "");
  const socket = connect(Number(port), hostname);
  let answers = 0, calls = 0, closed = false;
  socket.on("data", () => answers++);
  socket.on("close", () => closed = true);
  let silent = true;
  const other = said(server, "").then(() => silent = false);
  while (silent) {
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    calls++;
    // It is looked at while no request is under way, too.
    await new Promise((resolve) => socket.once("data", () => setTimeout(resolve, 5)));
  }
  await other;
  assert.ok(!closed && calls > 1);
  assert.equal(answers, calls);
  socket.destroy();
  await server.close();
});

Deno.test("an answer says for how long its connection may be idle, however its head is written", async () => {
  const server = await serve({
    handler({ url }, response) {
      if (url === "/list") response.writeHead(200, ["X-A", "1"]);
      if (url === "/text") response.writeHead(200, "Fine", ["X-A", "1"]);
      if (url === "/object") response.writeHead(200, { "X-A": "1" });
      if (url === "/set") response.setHeader("X-A", "1");
      response.end("ok");
    },
  }, { idleMs: 1_000, everyMs: 10 });
  const heads = async (rest: string) =>
    await Promise.all(
      ["/list", "/text", "/object", "/set"].map((path) =>
        said(server, `GET ${path} HTTP/1.1\r\n${rest}\r\n`)
      ),
    );
  for (const head of await heads("Host: x\r\n")) {
    assert.match(head, /^Keep-Alive: timeout=1\r$/m);
    assert.match(head, /^X-A: 1\r$/m);
    assert.match(head, /^Connection: keep-alive\r$/m);
  }
  for (const head of await heads("Host: x\r\nConnection: close\r\n")) {
    assert.doesNotMatch(head, /keep-alive/i);
  }
  await server.close();
});

Deno.test("close() lets a call under way finish, closes idle connections, and takes no new ones", async () => {
  const entered = Promise.withResolvers<() => void>();
  const server = await serve({ handler: (_, response) => entered.resolve(() => void response.end("late")) });
  const { hostname, port } = new URL(server.origin ?? "");
  const idle = connect(Number(port), hostname);
  await new Promise((resolve) => idle.once("connect", resolve));
  const idleClosed = new Promise((resolve) => idle.once("close", resolve));
  idle.on("error", () => {});
  const answer = get(server, "/");
  const finish = await entered.promise;
  const closed = server.close();
  await idleClosed;
  await assert.rejects(
    new Promise((resolve, reject) => connect(Number(port), hostname, () => resolve(0)).on("error", reject)),
  );
  finish();
  assert.equal(await answer, "late");
  await closed;
  assert.equal(server.origin, undefined);
});

Deno.test("close() cuts off what is left when its signal aborts", async () => {
  const entered = Promise.withResolvers<void>();
  const server = await serve({ handler: () => entered.resolve() });
  const answer = assert.rejects(get(server, "/"));
  await entered.promise;
  const time = new AbortController();
  const closed = server.close(time.signal);
  time.abort();
  await closed;
  await answer;
});

Deno.test("a handler that throws answers 500 and is reported", async () => {
  const errors: unknown[] = [];
  const server = await serve({
    handler: () => {
      throw new Error("bug");
    },
    onError: (error) => errors.push(error),
  });
  assert.equal(await get(server, "/"), "Internal error\n");
  assert.match(String(errors[0]), /bug/);
  await server.close();
});

Deno.test("an upgraded connection counts as a call under way until it ends", async () => {
  const server = await serve({
    upgrade: (_, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      socket.on("data", (data: Uint8Array) => socket.write(data));
      socket.on("end", () => socket.end());
    },
  });
  const { hostname, port } = new URL(server.origin ?? "");
  const client = connect(Number(port), hostname);
  client.write("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  const read = () =>
    new Promise<string>((resolve) => client.once("data", (data) => resolve(data.toString())));
  assert.match(await read(), /^HTTP\/1.1 101/);
  const closed = server.close();
  client.write("ping");
  assert.equal(await read(), "ping");
  client.end();
  await closed;
});

Deno.test("close() is safe unstarted and twice", async () => {
  const server = new HttpServer({ name: "x", listen: "127.0.0.1:0", handler: () => {} });
  await server.close();
  await server.close();
});

Deno.test("an upgrade that shouldUpgrade declines is a plain request, body and all", async () => {
  const server = await serve({
    upgrade: (_, socket) => void socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    shouldUpgrade: (request) => request.headers.upgrade !== "h2c",
    handler: (request, response) => void request.pipe(response),
  });
  const { hostname, port } = new URL(server.origin ?? "");
  const ask = async (protocol: string) => {
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\nContent-Length: 4\r\n\r\nbody`,
    );
    let said = "";
    for await (const part of socket.setEncoding("utf8")) said += part;
    return said;
  };
  try {
    assert.match(await ask("h2c"), /^HTTP\/1\.1 200 [\s\S]*body/);
    assert.match(await ask("websocket"), /^HTTP\/1\.1 101 /);
  } finally {
    await server.close();
  }
});
