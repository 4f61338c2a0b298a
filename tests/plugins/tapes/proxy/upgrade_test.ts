import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HttpStandIn, ProxyFixture, RawClient, RawStandIn } from "./fixture.ts";

const upgrade =
  "GET /v1/realtime?model=x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Key: abc\r\nSec-WebSocket-Version: 13\r\n";

Deno.test("a WebSocket is tunnelled both ways, byte for byte, and entered as not recorded", async () => {
  let seen = "";
  await using upstream = await RawStandIn.start((socket) =>
    socket.on("data", (part: Buffer) => {
      const text = part.toString("latin1");
      if (!seen.includes("\r\n\r\n")) {
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\n",
        );
      } else socket.write(`echo ${text}`, "latin1");
      seen += text;
      if (text.includes("bye")) socket.end();
    })
  );
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(`${upgrade}X-Tapes-Agent-Name: me\r\n\r\n`);
  await client.until("\r\n\r\n");
  client.send("\0\xff\x80");
  await client.until("echo \0\xff\x80");
  client.send("bye");
  const got = await client.untilClosed();
  assert.match(
    got,
    /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\n/,
  );
  assert.ok(got.endsWith("echo bye"));
  assert.match(seen, /connection: upgrade\r\n/i);
  assert.match(seen, /upgrade: websocket\r\n/i);
  assert.match(seen, /Sec-WebSocket-Key: abc\r\n/);
  const [call] = await fixture.ctx.stored(1);
  const { outcome, not_captured, status, agent, request_bytes, response_bytes } = call!.meta;
  assert.deepEqual(
    { outcome, not_captured, status, agent, request_bytes, response_bytes },
    {
      outcome: "tunnelled",
      not_captured: "upgrade",
      status: 101,
      agent: "me",
      request_bytes: 6,
      response_bytes: 16,
    },
  );
});

Deno.test("what a client sends behind its upgrade, before the answer, goes through the tunnel", async () => {
  let seen = "";
  await using upstream = await RawStandIn.start((socket) =>
    socket.on("data", (part: Buffer) => {
      if (!seen) socket.write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      seen += part.toString("latin1");
      if (seen.endsWith("\r\n\r\nearly")) socket.write("heard");
    })
  );
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(`${upgrade}\r\nearly`);
  await client.until("heard");
});

Deno.test("what an upstream answers to an upgrade it doesn't take is an ordinary, recorded answer", async () => {
  await using upstream = await HttpStandIn.start((_request, response) => {
    response.writeHead(401, { "content-type": "text/plain" }).end("no");
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(`${upgrade}\r\n`);
  const got = await client.untilClosed();
  assert.match(got, /^HTTP\/1\.1 401 /);
  assert.match(got, /no\r\n0\r\n\r\n$/);
  const { meta, response } = fixture.ctx.calls[0]!;
  assert.deepEqual([meta.outcome, meta.status, Buffer.from(response).toString()], ["complete", 401, "no"]);
});

Deno.test("an offer of h2c is not taken: the request goes on with its body", async () => {
  await using upstream = await HttpStandIn.start((request, response) => {
    let body = "";
    request.on("data", (part) => body += part);
    request.on("end", () => response.end(`${request.headers.upgrade} ${body}`));
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n" +
      "Content-Length: 4\r\n\r\nbody",
  );
  await client.until("undefined body");
});

Deno.test("an upstream that can't be reached is a 502 for an upgrade, too", async () => {
  await using fixture = await ProxyFixture.start({ upstream: "http://127.0.0.1:9" });
  using client = await RawClient.connect(fixture.port);
  client.send(`${upgrade}\r\n`);
  assert.match(await client.untilClosed(), /^HTTP\/1\.1 502 [^]*upstream_failed/);
});

Deno.test("drain ends tunnels, and their rows are stored", async () => {
  await using upstream = await RawStandIn.start((socket) =>
    socket.once(
      "data",
      () => socket.write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    )
  );
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(`${upgrade}\r\n`);
  await client.until("\r\n\r\n");
  await fixture.proxy.drain(AbortSignal.timeout(60_000));
  assert.equal(fixture.ctx.calls[0]!.meta.outcome, "tunnelled");
});
