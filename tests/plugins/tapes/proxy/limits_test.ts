import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { HttpStandIn, ProxyFixture, RawClient, RawStandIn } from "./fixture.ts";

const megabyte = 2 ** 20;
const block = Buffer.alloc(megabyte, "x");

Deno.test("100 MB go up and down unchanged, no more than the limit is kept, and their row says why", async () => {
  const total = 100 * megabyte;
  const sent = createHash("sha256");
  for (let at = 0; at < total; at += block.length) sent.update(block);
  const expected = sent.digest("hex");
  let seen = "";
  await using upstream = await HttpStandIn.start((request, response) => {
    const hash = createHash("sha256");
    request.on("data", (part) => hash.update(part));
    request.on("end", async () => {
      seen = hash.digest("hex");
      response.writeHead(200, { "content-length": total });
      for (let at = 0; at < total; at += block.length) {
        if (!response.write(block)) await new Promise((resolve) => response.once("drain", resolve));
      }
      response.end();
    });
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url, capture_limit: 8 * megabyte });
  let highest = 0;
  const watch = setInterval(
    () => highest = Math.max(highest, fixture.ctx.gauges["capture_bytes"]!() ?? 0),
    1,
  );
  const received = await new Promise<string>((resolve, reject) => {
    const request = httpRequest(`${fixture.origin}/v1`, {
      method: "POST",
      headers: { "content-length": total },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const hash = createHash("sha256");
      response.on("data", (part) => hash.update(part));
      response.on("end", () => resolve(hash.digest("hex")));
    });
    (async () => {
      for (let at = 0; at < total; at += block.length) {
        if (!request.write(block)) await new Promise((resolve) => request.once("drain", resolve));
      }
      request.end();
    })();
  });
  clearInterval(watch);
  assert.equal(seen, expected);
  assert.equal(received, expected);
  const { meta, request, response } = fixture.ctx.calls[0]!;
  assert.deepEqual(
    [
      meta.outcome,
      meta.not_captured,
      meta.request_bytes,
      meta.response_bytes,
      request.length,
      response.length,
    ],
    ["complete", "over-capture-limit", total, total, 0, 0],
  );
  assert.ok(highest <= 8 * megabyte, `${highest} bytes were kept`);
  assert.equal(fixture.ctx.gauges["capture_bytes"]!(), 0);
});

Deno.test("a client that doesn't read stops the upstream from sending", async () => {
  let stuck: () => void = () => {};
  const full = new Promise<void>((resolve) => stuck = resolve);
  let written = 0;
  await using upstream = await RawStandIn.start((socket) =>
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
      const fill = () => {
        let flowing = true;
        while (flowing) {
          flowing = socket.write(block);
          written += block.length;
        }
        const idle = setTimeout(stuck, 200);
        socket.once("drain", () => {
          clearTimeout(idle);
          fill();
        });
        socket.once("close", () => clearTimeout(idle));
      };
      fill();
    })
  );
  await using fixture = await ProxyFixture.start({ upstream: upstream.url, capture_limit: megabyte });
  using client = await RawClient.connect(fixture.port);
  client.socket.pause();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await full;
  assert.ok(written < 64 * megabyte, `${written / megabyte} MB were taken`);
});

Deno.test("an upstream that doesn't read stops the client from sending", async () => {
  await using upstream = await RawStandIn.start((socket) => socket.pause());
  await using fixture = await ProxyFixture.start({ upstream: upstream.url, capture_limit: megabyte });
  using client = await RawClient.connect(fixture.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n`);
  let written = 0;
  await new Promise<void>((stuck) => {
    const fill = () => {
      let flowing = true;
      while (flowing) {
        flowing = client.socket.write(block);
        written += block.length;
      }
      const idle = setTimeout(stuck, 200);
      client.socket.once("drain", () => {
        clearTimeout(idle);
        fill();
      });
    };
    fill();
  });
  assert.ok(written < 64 * megabyte, `${written / megabyte} MB were taken`);
});

Deno.test("calls over capture_memory are forwarded and entered with that reason", async () => {
  await using upstream = await HttpStandIn.start((_request, response) => response.end("x".repeat(5_000)));
  await using fixture = await ProxyFixture.start({ upstream: upstream.url, capture_memory: 1_000 });
  const body = await (await fetch(`${fixture.origin}/v1`)).text();
  assert.equal(body.length, 5_000);
  const { meta, response } = fixture.ctx.calls[0]!;
  assert.deepEqual([meta.not_captured, meta.response_bytes, response.length], [
    "over-capture-memory",
    5_000,
    0,
  ]);
  assert.equal(fixture.ctx.counts["not_captured_total{reason=over-capture-memory}"], 1);
});

Deno.test("the end of a stream that isn't kept still waits for its row", async () => {
  await using upstream = await HttpStandIn.start((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${"x".repeat(5_000)}\n\n`);
    setImmediate(() => response.end("data: [DONE]\n\n"));
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url, capture_limit: 1_000 });
  const stored = Promise.withResolvers<void>();
  const appending = Promise.withResolvers<void>();
  fixture.ctx.fault = () => {
    appending.resolve();
    return stored.promise;
  };
  using client = await RawClient.connect(fixture.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await appending.promise;
  await client.until("xxx\n\n");
  assert.ok(!client.received.includes("[DONE]"));
  stored.resolve();
  await client.until("[DONE]");
});

Deno.test("an upstream that answers before the whole upload is heard", async () => {
  await using upstream = await HttpStandIn.start((request, response) => {
    request.once("data", () => response.writeHead(413, { "content-length": 3 }).end("big"));
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${50 * megabyte}\r\n\r\n`);
  client.send(block);
  assert.match(await client.until("big"), /^HTTP\/1\.1 413 /);
  assert.equal(fixture.ctx.calls[0]!.meta.outcome, "complete");
});

Deno.test("a client that leaves in the middle of its upload cancels it", async () => {
  const cancelled = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await using upstream = await RawStandIn.start((socket) => {
    socket.once("data", () => begun.resolve());
    socket.on("data", () => {});
    socket.once("close", () => cancelled.resolve());
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  using client = await RawClient.connect(fixture.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${50 * megabyte}\r\n\r\n`);
  client.send(block);
  await begun.promise;
  client.socket.destroy();
  await cancelled.promise;
  const [call] = await fixture.ctx.stored(1);
  assert.equal(call!.meta.outcome, "client-left");
  assert.ok(call!.request.length > 0);
});
