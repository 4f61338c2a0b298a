import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import fc from "fast-check";
import type { Settings } from "../../../../plugins/tapes/settings.ts";
import { ProxyFixture, RawClient, RawStandIn } from "./fixture.ts";

const head = (type: string, more = "") =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${more}Transfer-Encoding: chunked\r\n\r\n`;
const framed = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** A call under way: the test says what the upstream sends, and when an append may settle. */
class Scene implements AsyncDisposable {
  readonly appends: { settle: () => void; fail: (error: Error) => void }[] = [];
  private constructor(
    readonly fixture: ProxyFixture,
    readonly upstream: RawStandIn,
    readonly client: RawClient,
    readonly provider: Socket,
  ) {}

  static async start(changes: Partial<Settings> = {}): Promise<Scene> {
    const requested = Promise.withResolvers<Socket>();
    const upstream = await RawStandIn.start((socket) => socket.once("data", () => requested.resolve(socket)));
    const fixture = await ProxyFixture.start({ upstream: upstream.url, ...changes });
    const client = await RawClient.connect(fixture.port);
    client.send("GET /v1 HTTP/1.1\r\nHost: a\r\n\r\n");
    const scene = new Scene(fixture, upstream, client, await requested.promise);
    fixture.ctx.fault = () =>
      new Promise<void>((settle, fail) => {
        scene.appends.push({ settle, fail });
        scene.#wake?.();
      });
    return scene;
  }

  #wake: (() => void) | undefined;

  /** Resolves when the row is being appended. */
  async appending(): Promise<{ settle: () => void; fail: (error: Error) => void }> {
    while (this.appends.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.appends[0]!;
  }

  /** What the client has, once what is on its way to it has come. */
  async arrived(): Promise<string> {
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    return this.client.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { settle } of this.appends) settle();
    this.client[Symbol.dispose]();
    await this.fixture[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
  }
}

Deno.test("a stream's head and chunks pass at once; its terminal event waits for the row", async () => {
  await using scene = await Scene.start();
  scene.provider.write(Buffer.from(head("text/event-stream", "X-Bytes: \xe9\xff\r\n"), "latin1"));
  assert.match(await scene.client.until("\r\n\r\n"), /X-Bytes: \xe9\xff\r\n/);
  scene.provider.write(framed("data: 1\n\n"));
  await scene.client.until(framed("data: 1\n\n"));
  scene.provider.write(framed("data: 2\n\n"));
  await scene.client.until(framed("data: 2\n\n"));
  scene.provider.write(framed("data: 3\n\ndata: [DONE]\n\n") + "0\r\n\r\n");
  await scene.client.until("data: 3\n\n");
  const append = await scene.appending();
  assert.ok(!(await scene.arrived()).includes("[DONE]"));
  append.settle();
  const got = await scene.client.until("0\r\n\r\n");
  assert.ok(got.endsWith("data: [DONE]\n\n\r\n0\r\n\r\n"));
  assert.equal(
    Buffer.from(scene.fixture.ctx.calls[0]!.response).toString(),
    "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: [DONE]\n\n",
  );
});

Deno.test("a body of a known length waits with its last byte", async () => {
  await using scene = await Scene.start();
  scene.provider.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
  await scene.client.until("abc");
  scene.provider.write("def");
  const append = await scene.appending();
  assert.ok(!(await scene.arrived()).includes("def"));
  append.settle();
  await scene.client.until("abcdef");
});

Deno.test("an answer without a body waits with its head", async () => {
  await using scene = await Scene.start();
  scene.provider.write("HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n");
  const append = await scene.appending();
  assert.equal(await scene.arrived(), "");
  append.settle();
  await scene.client.until("HTTP/1.1 204 No Content\r\nX-A: 1\r\n");
});

Deno.test("a body of unknown length passes, and its end waits", async () => {
  await using scene = await Scene.start();
  scene.provider.write(head("text/event-stream", "Content-Encoding: gzip\r\n") + framed("data: [DONE]\n\n"));
  await scene.client.until("[DONE]");
  scene.provider.write("0\r\n\r\n");
  const append = await scene.appending();
  assert.ok(!(await scene.arrived()).endsWith("0\r\n\r\n"));
  append.settle();
  await scene.client.until("0\r\n\r\n");
});

Deno.test("an upstream that stays open after the terminal event doesn't hang the client", async () => {
  await using scene = await Scene.start();
  scene.provider.write(head("application/x-ndjson") + framed('{"done":false}\n') + framed('{"done":true}\n'));
  (await scene.appending()).settle();
  await scene.client.until('{"done":true}');
  scene.provider.write(framed("late\n") + "0\r\n\r\n");
  await scene.client.until("late\n\r\n0\r\n\r\n");
  assert.equal(scene.appends.length, 1, "one row");
  assert.equal(
    Buffer.from(scene.fixture.ctx.calls[0]!.response).toString(),
    '{"done":false}\n{"done":true}\n',
  );
  assert.equal(scene.fixture.ctx.counts["late_bytes_total"], 5);
});

Deno.test('durability = "async" holds nothing and stores all the same', async () => {
  await using scene = await Scene.start({ durability: "async" });
  scene.provider.write(head("text/event-stream") + framed("data: [DONE]\n\n") + "0\r\n\r\n");
  await scene.client.until("0\r\n\r\n");
  (await scene.appending()).settle();
  assert.equal((await scene.fixture.ctx.stored(1))[0]!.meta.outcome, "complete");
});

Deno.test("an answer cut by the upstream reaches the client as far as it came, and is cut there", async () => {
  for (const end of ["destroy", "resetAndDestroy"] as const) {
    await using scene = await Scene.start();
    scene.provider.write(head("text/event-stream") + framed("data: 1\n\n"));
    await scene.client.until("data: 1\n\n");
    scene.provider[end]();
    (await scene.appending()).settle();
    const got = await scene.client.untilClosed();
    assert.ok(got.endsWith(framed("data: 1\n\n")), "no end of the chunks");
    const { meta, response } = scene.fixture.ctx.calls[0]!;
    assert.equal(meta.outcome, "upstream-cut");
    assert.match(meta.error!, /127\.0\.0\.1/);
    assert.equal(Buffer.from(response).toString(), "data: 1\n\n");
  }
});

Deno.test("a short body is cut, not ended", async () => {
  await using scene = await Scene.start();
  scene.provider.end("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
  (await scene.appending()).settle();
  assert.ok((await scene.client.untilClosed()).endsWith("\r\n\r\nabc"));
  assert.equal(scene.fixture.ctx.calls[0]!.meta.outcome, "upstream-cut");
});

Deno.test("a client that leaves cancels the call upstream, and what it got is stored", async () => {
  await using scene = await Scene.start();
  const cancelled = new Promise<void>((resolve) => scene.provider.once("close", () => resolve()));
  scene.provider.write(head("text/event-stream") + framed("data: 1\n\n"));
  await scene.client.until("data: 1\n\n");
  scene.client.socket.destroy();
  await cancelled;
  (await scene.appending()).settle();
  const [call] = await scene.fixture.ctx.stored(1);
  assert.equal(call!.meta.outcome, "client-left");
  assert.equal(Buffer.from(call!.response).toString(), "data: 1\n\n");
});

Deno.test("a client that leaves before the answer begins cancels the call, too", async () => {
  await using scene = await Scene.start();
  const cancelled = new Promise<void>((resolve) => scene.provider.once("close", () => resolve()));
  scene.client.socket.destroy();
  await cancelled;
  (await scene.appending()).settle();
  const [call] = await scene.fixture.ctx.stored(1);
  assert.deepEqual([call!.meta.outcome, call!.meta.status], ["client-left", undefined]);
});

const stream = [
  'data: {"choices":[{"delta":{"content":"é ☀"}}]}\r\n\r\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n',
  "data: [DONE]\n\n",
].join("");

Deno.test("split into any chunks, a stream is forwarded and recorded byte for byte", async () => {
  let pieces: Buffer[] = [];
  await using upstream = await RawStandIn.start((socket) => {
    socket.on("data", () => {
      socket.write(head("text/event-stream"));
      const queue = [...pieces];
      const next = () => {
        const piece = queue.shift();
        if (!piece) return socket.write("0\r\n\r\n");
        socket.write(
          Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
        );
        setImmediate(next);
      };
      next();
    });
  });
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  const bytes = Buffer.from(stream);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 10 }), async (places) => {
      const ends = [...places.sort((a, b) => a - b), bytes.length];
      pieces = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end)).filter(({ length }) =>
        length > 0
      );
      const before = fixture.ctx.calls.length;
      const got = Buffer.from(await (await fetch(`${fixture.origin}/v1`)).arrayBuffer());
      assert.ok(got.equals(bytes), got.toString());
      assert.equal(fixture.ctx.calls.length, before + 1);
      assert.ok(bytes.equals(fixture.ctx.calls.at(-1)!.response));
    }),
    { numRuns: 60 },
  );
});
