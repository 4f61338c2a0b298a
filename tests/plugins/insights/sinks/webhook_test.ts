import assert from "node:assert/strict";
import { Webhook } from "../../../../plugins/insights/sinks/webhook.ts";
import { insight } from "./insight.ts";
import { receiver } from "./receiver.ts";

const NOW = Date.UTC(2026, 0, 1, 0, 0, 0, 900);
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const { signal } = new AbortController();

/** A webhook and the waits it made; time goes on by them alone. */
function hook(url: string, given: { secret?: string; timeoutMs?: number } = {}) {
  const waits: number[] = [];
  let now = NOW;
  const webhook = new Webhook({
    name: "oncall",
    url,
    timeoutMs: 60_000,
    now: () => now,
    sleep(ms) {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
    ...given,
  });
  return { webhook, waits };
}

/** The signature as the specification describes it, by another implementation of HMAC. */
async function signatureOf(key: Uint8Array<ArrayBuffer>, text: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const signed = await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text));
  return `v1,${new Uint8Array(signed).toBase64()}`;
}

for (
  const [secret, key] of [
    [SECRET, Uint8Array.fromBase64(SECRET.slice("whsec_".length))],
    ["a plain text, é", new TextEncoder().encode("a plain text, é")],
  ] as const
) {
  Deno.test(`a post is the event, signed as Standard Webhooks says, with the secret ${secret}`, async () => {
    await using server = receiver();
    await hook(`${server.origin}/in?x=1`, { secret }).webhook.post(insight("1"), signal);
    const [post, ...others] = server.posts;
    assert.equal(others.length, 0);
    assert.deepEqual([post?.path, JSON.parse(post?.body ?? "")], ["/in", insight("1")]);
    const header = (name: string) => post?.headers.get(name);
    assert.equal(header("content-type"), "application/json");
    assert.deepEqual([header("webhook-id"), header("webhook-timestamp")], ["evt-1", String(NOW / 1000 | 0)]);
    assert.equal(
      header("webhook-signature"),
      await signatureOf(new Uint8Array(key), `evt-1.${NOW / 1000 | 0}.${post?.body}`),
    );
  });
}

Deno.test("a post without a secret has no signature", async () => {
  await using server = receiver();
  await hook(server.origin).webhook.post(insight("1"), signal);
  assert.equal(server.posts[0]?.headers.has("webhook-signature"), false);
});

for (const status of [199 + 101, 302, 400, 401, 404, 410, 429, 500, 503]) {
  Deno.test(`an answer of ${status} is a failure`, async () => {
    await using other = receiver();
    await using server = receiver(() => new Response("no", { status, headers: { location: other.origin } }));
    await assert.rejects(
      hook(server.origin).webhook.post(insight("1"), signal),
      (error: Error) => error.message.startsWith(`Cannot post to webhook oncall: it answered ${status}`),
    );
    assert.equal(other.posts.length, 0);
  });
}

Deno.test("a receiver that does not answer in time is a failure", async () => {
  const released = Promise.withResolvers<void>();
  await using server = receiver(async () => {
    await released.promise;
    return new Response(null, { status: 204 });
  });
  await assert.rejects(
    hook(server.origin, { timeoutMs: 20 }).webhook.post(insight("1"), signal),
    { message: "Cannot post to webhook oncall: no answer within 20 ms" },
  );
  released.resolve();
});

Deno.test("a receiver that can't be reached is a failure that does not tell its address", async () => {
  const gone = receiver();
  await gone[Symbol.asyncDispose]();
  await assert.rejects(
    hook(`${gone.origin}/token/t?x=é`).webhook.post(insight("1"), signal),
    (error: Error) => {
      assert.equal(error.message, "Cannot post to webhook oncall: it can't be reached");
      assert.ok(error.cause instanceof Error);
      assert.match(error.cause.message, /refused|connect/i);
      assert.doesNotMatch(error.cause.message, /token|x=/);
      assert.equal(error.cause.cause, undefined);
      return true;
    },
  );
});

Deno.test("a stop ends a post that waits for its answer", async () => {
  const released = Promise.withResolvers<void>();
  await using server = receiver(async () => {
    await released.promise;
    return new Response(null, { status: 204 });
  });
  const stop = new AbortController();
  const posted = hook(server.origin).webhook.post(insight("1"), stop.signal);
  await server.came(1);
  stop.abort();
  await assert.rejects(posted);
  released.resolve();
});

for (
  const [given, waitMs] of [
    ["3", 3_000],
    ["Thu, 01 Jan 2026 00:00:05 GMT", 4_100],
    ["86400", 3_600_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", undefined],
    ["soon", undefined],
    ["-5", undefined],
  ] as const
) {
  Deno.test(`a Retry-After of ${given} is waited for ${waitMs ?? "not at all"}`, async () => {
    await using server = receiver((_, count) =>
      new Response(null, count === 1 ? { status: 503, headers: { "retry-after": given } } : { status: 204 })
    );
    const { webhook, waits } = hook(server.origin);
    await assert.rejects(webhook.post(insight("1"), signal));
    await webhook.post(insight("1"), signal);
    await webhook.post(insight("2"), signal);
    assert.deepEqual(waits, waitMs === undefined ? [] : [waitMs]);
    const ids = server.posts.map(({ headers }) => headers.get("webhook-id"));
    assert.deepEqual(ids, ["evt-1", "evt-1", "evt-2"]);
  });
}
