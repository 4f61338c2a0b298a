import assert from "node:assert/strict";
import type { Settings } from "../../../../plugins/tapes/settings.ts";
import { storeError } from "./fake_context.ts";
import { HttpStandIn, ProxyFixture, RawClient } from "./fixture.ts";

const sse = "data: 1\n\ndata: [DONE]\n\n";

/** A provider that answers JSON, or with `?stream` a stream. */
function provider(): Promise<HttpStandIn> {
  return HttpStandIn.start((request, response) => {
    if (request.url!.includes("stream")) {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(sse);
    } else response.writeHead(200, { "content-type": "application/json", "content-length": 4 }).end("true");
  });
}

async function started(upstream: HttpStandIn, changes: Partial<Settings> = {}): Promise<ProxyFixture> {
  return await ProxyFixture.start({ upstream: upstream.url, ...changes });
}

async function drained(fixture: ProxyFixture): Promise<void> {
  await fixture.proxy.drain(AbortSignal.timeout(60_000));
}

for (const failure of ["full", "locked", "readonly"] as const) {
  Deno.test(`forward: while the store is ${failure}, answers go out whole, and calls are stored when it is back`, async () => {
    await using upstream = await provider();
    await using fixture = await started(upstream);
    fixture.ctx.fault = () => Promise.reject(storeError(failure));
    for (let at = 0; at < 5; at++) {
      assert.equal(await (await fetch(`${fixture.origin}/v1?stream=${at}`)).text(), sse);
      assert.equal(await (await fetch(`${fixture.origin}/v1?plain=${at}`)).text(), "true");
    }
    assert.equal(fixture.ctx.calls.length, 0);
    assert.equal(fixture.proxy.health().status, "degraded");
    assert.match(fixture.proxy.health().detail!, new RegExp(failure));
    assert.equal(fixture.proxy.health().figures!.waiting_calls, 10);
    assert.equal(fixture.ctx.gauges["retry_calls"]!(), 10);
    fixture.ctx.fault = () => undefined;
    await drained(fixture);
    assert.deepEqual(
      fixture.ctx.calls.map(({ meta }) => [meta.target, meta.outcome]),
      [0, 1, 2, 3, 4].flatMap((at) => [[`/v1?stream=${at}`, "complete"], [`/v1?plain=${at}`, "complete"]]),
    );
    assert.equal(fixture.proxy.health().status, "ok");
    assert.deepEqual(fixture.ctx.lines.map((line) => line.split(" ", 4).join(" ")), [
      "warn Calls can't be",
      "info Calls are stored",
    ]);
    assert.deepEqual(fixture.ctx.counts, { forwarded_total: 10, "accounted_total{outcome=complete}": 10 });
  });
}

Deno.test("forward: a store that doesn't answer holds an answer for commit_timeout, and the next one not at all", async () => {
  await using upstream = await provider();
  await using fixture = await started(upstream, { commit_timeout: 30 });
  const first = Promise.withResolvers<void>();
  fixture.ctx.fault = () => first.promise;
  assert.equal(await (await fetch(`${fixture.origin}/v1?stream`)).text(), sse);
  assert.match(fixture.ctx.lines[0]!, /has not answered within 30 ms/);
  assert.equal(await (await fetch(`${fixture.origin}/v1`)).text(), "true");
  assert.equal(fixture.proxy.health().figures!.waiting_calls, 2);
  fixture.ctx.fault = () => undefined;
  first.resolve();
  await drained(fixture);
  assert.equal(fixture.ctx.calls.length, 2, "each call has one row");
  assert.deepEqual(fixture.proxy.health().status, "ok");
});

Deno.test("forward: what exceeds retry_memory is given up and counted, and so is what is left at the end", async () => {
  await using upstream = await provider();
  await using fixture = await started(upstream, { retry_memory: 1500 });
  fixture.ctx.fault = () => Promise.reject(storeError("full"));
  for (let at = 0; at < 4; at++) await (await fetch(`${fixture.origin}/v1`)).text();
  const { counts } = fixture.ctx;
  const kept = Number(fixture.proxy.health().figures!.waiting_calls);
  assert.ok(kept >= 1 && kept < 4);
  assert.equal(counts["given_up_total{reason=retry-memory}"], 4 - kept);
  await fixture.proxy.drain(AbortSignal.abort());
  assert.equal(counts["given_up_total{reason=shutdown}"], kept);
  assert.equal(counts["forwarded_total"], 4);
  assert.match(fixture.ctx.lines.at(-1)!, /^error A call was given up/);
});

Deno.test("forward: a call the store can never take is given up, and stops nobody", async () => {
  await using upstream = await provider();
  await using fixture = await started(upstream);
  let refused = false;
  fixture.ctx.fault = () => {
    if (refused) return undefined;
    refused = true;
    return Promise.reject(storeError("constraint"));
  };
  await (await fetch(`${fixture.origin}/v1`)).text();
  await (await fetch(`${fixture.origin}/v1`)).text();
  assert.equal(fixture.ctx.calls.length, 1);
  assert.equal(fixture.ctx.counts["given_up_total{reason=constraint}"], 1);
  assert.equal(fixture.proxy.health().status, "ok");
});

Deno.test("block: an answer that can't be stored is a 503, and its row says so once the store is back", async () => {
  await using upstream = await provider();
  await using fixture = await started(upstream, { on_storage_failure: "block" });
  fixture.ctx.fault = () => Promise.reject(storeError("full"));
  const response = await fetch(`${fixture.origin}/v1`);
  assert.equal(response.status, 503);
  assert.match((await response.json()).error.message, /Cannot deliver the answer: .*\(full\)/);
  assert.equal(fixture.proxy.health().status, "failed");
  const asked = upstream.sockets.size;
  const refused = await fetch(`${fixture.origin}/v1`);
  assert.equal(refused.status, 503);
  assert.match((await refused.json()).error.message, /Cannot take calls/);
  assert.equal(upstream.sockets.size, asked);
  fixture.ctx.fault = () => undefined;
  await fixture.ctx.stored(1);
  assert.equal(fixture.ctx.calls[0]!.meta.outcome, "blocked");
  assert.equal(new TextDecoder().decode(fixture.ctx.calls[0]!.response), "true");
  assert.equal(await (await fetch(`${fixture.origin}/v1`)).text(), "true");
  assert.deepEqual(fixture.ctx.counts, {
    forwarded_total: 2,
    "accounted_total{outcome=blocked}": 1,
    "accounted_total{outcome=complete}": 1,
    "refused_total{reason=storage_unavailable}": 1,
  });
});

Deno.test("block: a stream that can't be stored is cut before its terminal event", async () => {
  await using upstream = await provider();
  await using fixture = await started(upstream, { on_storage_failure: "block" });
  fixture.ctx.fault = () => Promise.reject(storeError("locked"));
  using client = await RawClient.connect(fixture.port);
  client.send("GET /v1?stream HTTP/1.1\r\nHost: a\r\n\r\n");
  const got = await client.untilClosed();
  assert.match(got, /data: 1\n\n/);
  assert.ok(!got.includes("[DONE]") && !got.endsWith("0\r\n\r\n"));
});

Deno.test("block: an upstream that keeps a stream open after its terminal event is let go when that is withheld", async () => {
  const left = Promise.withResolvers<void>();
  await using upstream = await HttpStandIn.start((_request, response) => {
    response.on("close", () => left.resolve());
    response.writeHead(200, { "content-type": "text/event-stream" }).write(sse);
  });
  await using fixture = await started(upstream, { on_storage_failure: "block" });
  fixture.ctx.fault = () => Promise.reject(storeError("locked"));
  using client = await RawClient.connect(fixture.port);
  client.send("GET /v1?stream HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.ok(!(await client.untilClosed()).includes("[DONE]"));
  await left.promise;
});

Deno.test("block: a store that doesn't answer is asked to forget the call", async () => {
  await using upstream = await provider();
  await using fixture = await started(upstream, { on_storage_failure: "block", commit_timeout: 30 });
  fixture.ctx.fault = (_value, signal) =>
    new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(storeError("locked"))));
  assert.equal((await fetch(`${fixture.origin}/v1`)).status, 503);
  fixture.ctx.fault = () => undefined;
  const [call] = await fixture.ctx.stored(1);
  assert.equal(call!.meta.outcome, "blocked");
});

Deno.test("block: nothing of an unstreamed answer goes out before its row, even in parts", async () => {
  await using upstream = await HttpStandIn.start((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("[1,");
    setImmediate(() => response.end("2]"));
  });
  await using fixture = await started(upstream, { on_storage_failure: "block" });
  assert.equal(await (await fetch(`${fixture.origin}/v1`)).text(), "[1,2]");
  fixture.ctx.fault = () => Promise.reject(storeError("readonly"));
  assert.equal((await fetch(`${fixture.origin}/v1`)).status, 503);
});

Deno.test("drain waits for calls under way and for their rows", async () => {
  const asked = Promise.withResolvers<void>();
  let finish: () => void = () => {};
  await using upstream = await HttpStandIn.start((_request, response) => {
    finish = () => response.end("late");
    asked.resolve();
  });
  await using fixture = await started(upstream);
  const answer = fetch(`${fixture.origin}/v1`).then((response) => response.text());
  await asked.promise;
  let over = false;
  const draining = drained(fixture).then(() => over = true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(over, false);
  finish();
  await draining;
  assert.equal(fixture.ctx.calls.length, 1);
  assert.equal(await answer, "late");
});

Deno.test("a stop that runs out of time tells how many calls have no row, and none that was given up before", async () => {
  await using upstream = await provider();
  // One call of some 500 bytes is kept; a second one is given up at once.
  await using fixture = await started(upstream, { retry_memory: 700 });
  fixture.ctx.fault = () => Promise.reject(storeError("full"));
  for (let at = 0; at < 2; at++) await (await fetch(`${fixture.origin}/v1?plain=${at}`)).text();
  assert.deepEqual(
    [fixture.proxy.health().figures?.given_up_calls, fixture.proxy.health().figures?.waiting_calls],
    [1, 1],
  );
  await fixture.proxy.drain(AbortSignal.abort());
  await fixture.proxy.close();
  assert.deepEqual(fixture.proxy.lost(), ["1 forwarded call could not be stored"]);
});

Deno.test("a stop in which everything is stored has lost nothing", async () => {
  await using upstream = await provider();
  await using fixture = await started(upstream);
  await (await fetch(`${fixture.origin}/v1?plain`)).text();
  await drained(fixture);
  await fixture.proxy.close();
  assert.deepEqual(fixture.proxy.lost(), []);
});
