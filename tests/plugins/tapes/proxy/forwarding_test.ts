import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HttpStandIn, ProxyFixture, RawClient, RawStandIn } from "./fixture.ts";
import { keyFingerprint } from "../../../../plugins/tapes/proxy/key_fingerprint.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Sends one request of raw bytes through a proxy to an upstream of raw bytes. */
async function exchange(
  request: string,
  answer: string,
  until: string,
  changes: { upstream?: string; base?: string } = {},
) {
  const { upstream, received } = await RawStandIn.answering(answer);
  await using _upstream = upstream;
  await using fixture = await ProxyFixture.start({ upstream: upstream.url + (changes.base ?? "") }, "proj");
  using client = await RawClient.connect(fixture.port);
  client.send(request);
  const got = await client.until(until);
  return {
    got,
    seen: received.join(""),
    calls: fixture.ctx.calls,
    counts: fixture.ctx.counts,
    upstream: upstream.url,
  };
}

/** The header lines of a message, without those that are for one connection. */
function lines(message: string): string[] {
  return message.split("\r\n\r\n", 1)[0]!.split("\r\n").filter((line) =>
    !/^(connection|keep-alive|host):/i.test(line)
  );
}

Deno.test("a request reaches the upstream with its method, raw target, headers and body as they were", async () => {
  const { seen, calls, upstream } = await exchange(
    "PROPFIND //evil/./a/../%2F?q=%zz&key=s3 HTTP/1.1\r\nHost: proxy\r\nX-Dup: 1\r\nx-DUP: 2\r\n" +
      "X-Bytes: \xff\xfe\r\nAuthorization: Bearer sk-1\r\nX-Tapes-Agent-Name: me\r\nX-Capstan-User: u1\r\n" +
      "X-Capstan-Session: s1\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\n\0\xff\r\n",
    ok,
    "ok",
  );
  assert.deepEqual(lines(seen), [
    "PROPFIND //evil/./a/../%2F?q=%zz&key=s3 HTTP/1.1",
    "X-Dup: 1",
    "x-DUP: 2",
    "X-Bytes: \xff\xfe",
    "Authorization: Bearer sk-1",
    "Content-Type: a/b",
    "content-length: 4",
  ]);
  assert.match(seen, new RegExp(`host: ${new URL(upstream).host}\r\n`, "i"));
  assert.ok(seen.endsWith("\r\n\r\n\0\xff\r\n"));
  const { meta, request, response } = calls[0]!;
  assert.deepEqual([...request], [0, 255, 13, 10]);
  assert.equal(new TextDecoder().decode(response), "ok");
  assert.deepEqual(
    { ...meta, id: "", started_at: 0, first_byte_at: 0, ended_at: 0 },
    {
      v: 1,
      id: "",
      started_at: 0,
      first_byte_at: 0,
      ended_at: 0,
      method: "PROPFIND",
      target: "//evil/./a/../%2F?q=%zz&key=***",
      provider: "openai",
      provider_type: "openai",
      upstream,
      agent: "me",
      project: "proj",
      user: "u1",
      session: "s1",
      api_key_fingerprint: keyFingerprint("sk-1"),
      status: 200,
      request_headers: { "content-type": "a/b" },
      response_headers: {},
      outcome: "complete",
      request_bytes: 4,
      response_bytes: 2,
    },
  );
  assert.ok(meta.started_at <= meta.first_byte_at! && meta.first_byte_at! <= meta.ended_at);
});

Deno.test("an answer reaches the client with its status, text, headers and body as they were", async () => {
  const { got } = await exchange(
    "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 299 Quite Fine\r\nX-B: \xe9\xff\r\nx-b: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n" +
      "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\0",
    "\x1f\x8b\0",
  );
  assert.deepEqual(lines(got), [
    "HTTP/1.1 299 Quite Fine",
    "X-B: \xe9\xff",
    "x-b: 2",
    "Set-Cookie: a=1",
    "Set-Cookie: b=2",
    "Content-Encoding: gzip",
    "Content-Length: 3",
  ]);
});

Deno.test("an upstream's base path goes before the raw target", async () => {
  const { seen } = await exchange("GET //x?a HTTP/1.1\r\nHost: a\r\n\r\n", ok, "ok", { base: "/base/v2/" });
  assert.match(seen, /^GET \/base\/v2\/\/x\?a HTTP/);
});

Deno.test("redirects go to the client", async () => {
  const { got, seen } = await exchange(
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
    "\r\n\r\n",
  );
  assert.match(got, /^HTTP\/1\.1 302 Found\r\nLocation: \/b\r\n/);
  assert.equal(seen.match(/HTTP\/1\.1\r\n/g)!.length, 1);
});

Deno.test("HEAD, 204 and 304 have no body, and keep their headers", async () => {
  const head = await exchange(
    "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\n",
    "\r\n\r\n",
  );
  assert.match(head.got, /^HTTP\/1\.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n/);
  assert.ok(head.got.endsWith("\r\n\r\n"));
  assert.equal(head.calls[0]!.meta.outcome, "complete");
  for (const status of ["204 No Content", "304 Not Modified"]) {
    const { got, calls } = await exchange(
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
      `HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`,
      "\r\n\r\n",
    );
    assert.ok(got.startsWith(`HTTP/1.1 ${status}\r\nETag: "x"\r\n`), got);
    assert.ok(!/transfer-encoding/i.test(got));
    assert.equal(calls.length, 1);
  }
});

Deno.test("Expect: 100-continue is answered, and the body goes up", async () => {
  const { upstream, received } = await RawStandIn.answering(ok);
  await using _upstream = upstream;
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  await client.until("HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  assert.match(await client.until("ok"), /HTTP\/1\.1 200 OK/);
  assert.ok(received.join("").endsWith("\r\n\r\nbody"));
  assert.ok(!/expect/i.test(received.join("")));
});

Deno.test("informational responses are passed on", async () => {
  const { got } = await exchange(
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + ok,
    "\r\n\r\nok",
  );
  assert.match(got, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

Deno.test("trailers reach the client", async () => {
  const { got } = await exchange(
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
    "X-Sum",
  );
  assert.ok(got.endsWith("3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n"), got);
});

Deno.test("chunked bodies go both ways, and answers that end with the connection", async () => {
  const { got, seen, calls } = await exchange(
    "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    ok,
    "ok",
  );
  assert.ok(got);
  assert.match(seen, /transfer-encoding: chunked/i);
  assert.equal(new TextDecoder().decode(calls[0]!.request), "abcde");

  await using upstream = await RawStandIn.start((socket) =>
    socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\nto the end"))
  );
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  const response = await fetch(`${fixture.origin}/x`);
  assert.equal(await response.text(), "to the end");
  assert.equal(fixture.ctx.calls[0]!.meta.outcome, "complete");
});

Deno.test("connections to the client and to the upstream are kept", async () => {
  await using upstream = await HttpStandIn.start((_request, response) => response.end("hi"));
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  for (let at = 1; at <= 3; at++) {
    client.send(`GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const replies = () => client.received.match(/\r\n\r\nhi|hi\r\n0\r\n\r\n/g)?.length ?? 0;
    while (replies() < at) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(upstream.sockets.size, 1);
});

Deno.test("absolute-form targets are refused and go nowhere", async () => {
  await using upstream = await HttpStandIn.start((_request, response) => response.end("never"));
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send("GET http://169.254.169.254/latest HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await client.until("bad_target"), /^HTTP\/1\.1 400 /);
  assert.equal(upstream.sockets.size, 0);
  assert.deepEqual(fixture.ctx.calls, []);
  assert.equal(fixture.ctx.counts["forwarded_total"], undefined);
});

Deno.test("a request with two framings is not forwarded", async () => {
  await using upstream = await HttpStandIn.start((_request, response) => response.end("never"));
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nabc",
  );
  assert.match(await client.untilClosed(), /^HTTP\/1\.1 400 /);
  assert.equal(upstream.sockets.size, 0);
});

Deno.test("agents and providers are routed by header and path, and a provider can have its own listener", async () => {
  await using own = await HttpStandIn.start((request, response) => response.end(`own ${request.url}`));
  await using other = await HttpStandIn.start((request, response) => response.end(`other ${request.url}`));
  await using fixture = await ProxyFixture.start({
    upstream: own.url,
    providers: { second: { type: "anthropic", upstream: other.url, listen: "127.0.0.1:0" } },
  });
  const get = async (url: string, headers = {}) => (await fetch(url, { headers })).text();
  assert.equal(await get(`${fixture.origin}/agents/a/v1/x?y`), "own /v1/x?y");
  assert.equal(await get(`${fixture.origin}/agents/b/providers/openai/v1`), "own /v1");
  assert.equal(await get(`${fixture.origin}/agents/c/providers/second/v1`), "other /v1");
  assert.equal(
    await get(`${fixture.ctx.origin("proxy second")}/v2`, { "X-Tapes-Agent-Name": "d" }),
    "other /v2",
  );
  assert.equal(await get(`${fixture.origin}/agents/e/v1`, { "X-Tapes-Agent-Name": "f" }), "own /v1");
  assert.deepEqual(
    fixture.ctx.calls.map(({ meta }) => [meta.agent, meta.provider, meta.provider_type, meta.target]),
    [
      ["a", "openai", "openai", "/v1/x?y"],
      ["b", "openai", "openai", "/v1"],
      ["c", "second", "anthropic", "/v1"],
      ["d", "second", "anthropic", "/v2"],
      ["f", "openai", "openai", "/v1"],
    ],
  );
  const unknown = await fetch(`${fixture.origin}/agents/a/providers/nope/v1`);
  assert.equal(unknown.status, 404);
  assert.match((await unknown.json()).error.message, /provider nope.*known are second, openai, echo/);
});

Deno.test("nothing of credentials is stored", async () => {
  const { calls } = await exchange(
    "GET /v1?api_key=SECRET1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer SECRET2\r\nx-api-key: SECRET3\r\n" +
      "api-key: SECRET4\r\nX-Goog-Api-Key: SECRET5\r\nCookie: SECRET6\r\nProxy-Authorization: SECRET7\r\n\r\n",
    "HTTP/1.1 200 OK\r\nSet-Cookie: SECRET8\r\nContent-Length: 2\r\n\r\nok",
    "ok",
  );
  assert.ok(!JSON.stringify(calls[0]!.meta).includes("SECRET"));
});

Deno.test("an echo call needs no upstream and is recorded as such", async () => {
  await using fixture = await ProxyFixture.start({ upstream: "http://127.0.0.1:9" });
  const ask = (path: string, body: unknown) =>
    fetch(`${fixture.origin}/agents/me/providers/echo${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
  const messages = [{ role: "user", content: "hello there" }];
  const chat = await (await ask("/v1/chat/completions", { model: "m", messages })).json();
  assert.equal(chat.choices[0].message.content, "echo: hello there; no model was called");
  const stream = await (await ask("/v1/messages", { model: "m", messages, stream: true })).text();
  assert.match(stream, /event: message_stop\n/);
  const lines = (await (await ask("/api/chat", { model: "m", messages })).text()).trim().split("\n");
  assert.equal(JSON.parse(lines.at(-1)!).done, true);
  const large = { model: "m", input: "x".repeat(200_000), stream: true };
  assert.match(await (await ask("/v1/responses", large)).text(), /event: response\.completed/);
  assert.equal((await ask("/v1/embeddings", {})).status, 404);
  assert.deepEqual(
    fixture.ctx.calls.map(({ meta }) => [meta.provider, meta.provider_type, meta.upstream, meta.outcome]),
    [
      ["echo", "openai", "echo", "complete"],
      ["echo", "anthropic", "echo", "complete"],
      ["echo", "ollama", "echo", "complete"],
      ["echo", "openai", "echo", "complete"],
      ["echo", "openai", "echo", "complete"],
    ],
  );
  assert.equal(Buffer.from(fixture.ctx.calls[1]!.response).toString(), stream);
});
