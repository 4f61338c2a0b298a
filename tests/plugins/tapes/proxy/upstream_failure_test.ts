import assert from "node:assert/strict";
import { createServer } from "node:net";
import { HttpStandIn, ProxyFixture, RawClient, RawStandIn } from "./fixture.ts";

async function failing(fixture: ProxyFixture, path = "/v1"): Promise<string> {
  const response = await fetch(fixture.origin + path, { method: "POST", body: "{}" });
  assert.equal(response.status, 502);
  assert.equal(response.headers.get("content-type"), "application/json");
  const { error } = await response.json();
  assert.equal(error.type, "upstream_failed");
  const { meta, request } = fixture.ctx.calls.at(-1)!;
  assert.equal(meta.outcome, "upstream-failed");
  assert.equal(meta.status, undefined);
  assert.equal(meta.error, error.message);
  assert.equal(request.length, 2);
  return error.message;
}

Deno.test("a refused connection is a 502 that names the upstream and the cause", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  await using fixture = await ProxyFixture.start({ upstream: `http://127.0.0.1:${port}/base` });
  assert.match(
    await failing(fixture),
    new RegExp(
      `Cannot reach http://127.0.0.1:${port}/base: the connection was refused .*; start it, or give`,
    ),
  );
});

Deno.test("a name that is not known is a 502", async () => {
  await using fixture = await ProxyFixture.start({ upstream: "http://nowhere.invalid" });
  assert.match(await failing(fixture), /Cannot reach http:\/\/nowhere\.invalid: /);
});

Deno.test("an upstream that closes or resets before its answer is a 502", async () => {
  for (const end of ["destroy", "resetAndDestroy"] as const) {
    await using upstream = await RawStandIn.start((socket) => socket.on("data", () => socket[end]()));
    await using fixture = await ProxyFixture.start({ upstream: upstream.url });
    assert.match(await failing(fixture), /the connection was (closed|reset)/);
  }
});

Deno.test("an answer that is no HTTP is a 502", async () => {
  const { upstream } = await RawStandIn.answering("SSH-2.0-nonsense\r\n\r\n");
  await using _upstream = upstream;
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  assert.match(await failing(fixture), /Cannot reach/);
});

Deno.test("plain HTTP where TLS was expected is a 502", async () => {
  const { upstream } = await RawStandIn.answering("HTTP/1.1 400 Bad Request\r\n\r\n");
  await using _upstream = upstream;
  await using fixture = await ProxyFixture.start({ upstream: upstream.url.replace("http:", "https:") });
  assert.match(await failing(fixture), /Cannot reach https/);
});

Deno.test("an upstream that says nothing for upstream_timeout is a 502, and one that stops is cut", async () => {
  await using silent = await RawStandIn.start(() => {});
  await using stopping = await RawStandIn.answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").then((
    it,
  ) => it.upstream);
  await using first = await ProxyFixture.start({ upstream: silent.url, upstream_timeout: 150 });
  assert.match(await failing(first), /no answer within upstream_timeout/);
  await using second = await ProxyFixture.start({ upstream: stopping.url, upstream_timeout: 2_000 });
  using client = await RawClient.connect(second.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.ok((await client.untilClosed()).endsWith("abc"));
  assert.equal(second.ctx.calls[0]!.meta.outcome, "upstream-cut");
  assert.match(second.ctx.calls[0]!.meta.error!, /stopped for longer than upstream_timeout/);
});

Deno.test("after a failure the next call is forwarded", async () => {
  let fail = true;
  await using upstream = await HttpStandIn.start((request, response) => {
    if (fail) request.socket.destroy();
    else response.end("fine");
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  await failing(fixture);
  fail = false;
  assert.equal(await (await fetch(`${fixture.origin}/v1`)).text(), "fine");
  assert.deepEqual(fixture.ctx.counts, {
    "forwarded_total": 2,
    "accounted_total{outcome=upstream-failed}": 1,
    "accounted_total{outcome=complete}": 1,
  });
});
