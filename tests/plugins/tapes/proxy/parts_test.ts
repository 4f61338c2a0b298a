import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ByteList } from "../../../../plugins/tapes/proxy/byte_list.ts";
import { callId } from "../../../../plugins/tapes/proxy/call_id.ts";
import { Capture } from "../../../../plugins/tapes/proxy/capture.ts";
import { CaptureBudget } from "../../../../plugins/tapes/proxy/capture_budget.ts";
import { keyFingerprint, KeyFingerprints } from "../../../../plugins/tapes/proxy/key_fingerprint.ts";
import { maskTarget } from "../../../../plugins/tapes/proxy/mask_target.ts";
import { projectName } from "../../../../plugins/tapes/proxy/project_name.ts";
import { providersOf } from "../../../../plugins/tapes/proxy/provider.ts";
import { Proxy } from "../../../../plugins/tapes/proxy/proxy.ts";
import { readRequestHead } from "../../../../plugins/tapes/proxy/request_head.ts";
import { latin1, readResponseHead } from "../../../../plugins/tapes/proxy/response_head.ts";
import { routeTarget } from "../../../../plugins/tapes/proxy/route_target.ts";
import { TrustedPeers } from "../../../../plugins/tapes/proxy/trusted_peers.ts";
import { FakeContext } from "./fake_context.ts";
import { settingsWith } from "./fixture.ts";

Deno.test("callId() gives a UUIDv7 of the time", () => {
  const id = callId(0x0123456789ab + 0.75);
  assert.match(id, /^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(id, callId(0x0123456789ab));
});

Deno.test("maskTarget() masks key-like parameters and touches nothing else", () => {
  assert.equal(maskTarget("/v1//x%2F?a=b&key=AIza&b"), "/v1//x%2F?a=b&key=***&b");
  for (
    const name of [
      "api_key",
      "API-KEY",
      "apikey",
      "token",
      "access_token",
      "sig",
      "signature",
      "code",
      "password",
      "client_secret",
      "X-Amz-Signature",
      "%6Bey",
      "subscription-key",
      "id_token",
    ]
  ) assert.equal(maskTarget(`/x?${name}=s3cret`), `/x?${name}=***`);
  assert.equal(maskTarget("/x?keyboard=us&max_tokens=5&model=m"), "/x?keyboard=us&max_tokens=5&model=m");
  assert.equal(maskTarget("/x?q=%ZZ&%ZZ=1"), "/x?q=%ZZ&%ZZ=1");
  assert.equal(maskTarget("/x?a=1;token=2"), "/x?a=1;token=***");
});

Deno.test("routeTarget() takes agent and provider off the path, as raw text", () => {
  assert.deepEqual(routeTarget("/v1/chat"), { target: "/v1/chat" });
  assert.deepEqual(routeTarget("/agents/a%20b/v1//x%2F?q=1"), {
    target: "/v1//x%2F?q=1",
    agent: "a b",
    provider: undefined,
  });
  assert.deepEqual(routeTarget("/agents/me/providers/p/v1"), { target: "/v1", agent: "me", provider: "p" });
  assert.deepEqual(routeTarget("/agents/me/providers/p?x=1"), {
    target: "/?x=1",
    agent: "me",
    provider: "p",
  });
  assert.deepEqual(routeTarget("/agents/me"), { target: "/", agent: "me", provider: undefined });
  assert.deepEqual(routeTarget("/agents/me/providersX/y"), {
    target: "/providersX/y",
    agent: "me",
    provider: undefined,
  });
  assert.deepEqual(routeTarget("/agents//x"), { target: "/agents//x" });
  assert.deepEqual(routeTarget("/agents/%E0%A4%A/x").agent, "%E0%A4%A");
});

Deno.test("readRequestHead() keeps order, case and repeats, and drops what is for one connection", () => {
  const head = readRequestHead([
    ...[
      "Host",
      "a",
      "X-Dup",
      "1",
      "Connection",
      "close, X-Hop",
      "x-dup",
      "2",
      "X-Hop",
      "z",
      "TE",
      "trailers",
    ],
    ...["Proxy-Authorization", "Basic x", "Expect", "100-continue", "Keep-Alive", "timeout=5"],
    ...[
      "Authorization",
      "Bearer sk",
      "User-Agent",
      "u",
      "Content-Length",
      "3",
      "X-Tapes-Agent-Name",
      "  me ",
    ],
    ...["X-Tapes-Other", "x", "X-Capstan-Tenant", "acme", "X-Capstan-User", "", "Cookie", "c"],
  ]);
  assert.deepEqual(head.forward, [
    ...["X-Dup", "1", "x-dup", "2", "Authorization", "Bearer sk", "User-Agent", "u", "Content-Length", "3"],
    ...["Cookie", "c"],
  ]);
  assert.deepEqual(head.stored, { "user-agent": "u" });
  assert.equal(head.agent, "me");
  assert.deepEqual(head.claims, { tenant: "acme" });
  assert.equal(head.hasBody, true);
});

Deno.test("readRequestHead() reads an agent name of UTF-8 bytes, and survives one that is not", () => {
  assert.equal(readRequestHead(["X-Tapes-Agent-Name", "caf\u00c3\u00a9"]).agent, "café");
  assert.equal(readRequestHead(["X-Tapes-Agent-Name", "a\u00ff"]).agent, "a\ufffd");
  assert.equal(readRequestHead(["X-Tapes-Agent-Name", "  "]).agent, undefined);
});

Deno.test("TrustedPeers believes loopback and the networks named, and refuses what is neither", () => {
  const peers = new TrustedPeers(["10.1.0.0/16", "2001:db8::/32", "192.0.2.7"]);
  for (
    const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3"]
  ) {
    assert.equal(peers.has(address), true, address);
  }
  for (const address of ["2001:db8::5", "192.0.2.7"]) assert.equal(peers.has(address), true, address);
  for (const address of ["10.2.0.1", "192.0.2.8", "::2", "", undefined, "nonsense"]) {
    assert.equal(peers.has(address), false, address);
  }
  for (const entry of ["10.0.0.0/33", "proxy.local", "10.0.0.1/", ""]) {
    assert.throws(() => new TrustedPeers([entry]), /trusted_proxies/);
  }
});

Deno.test("a capture over its limit keeps nothing, says why and gives its memory back", () => {
  const budget = new CaptureBudget(100);
  const capture = new Capture(budget, 10);
  capture.addRequest(new Uint8Array(6));
  assert.equal(budget.used, 6);
  capture.addResponse(new Uint8Array(5));
  capture.addResponse(new Uint8Array(1));
  assert.equal(capture.notCaptured, "over-capture-limit");
  assert.deepEqual([capture.request, capture.response], [[], []]);
  assert.deepEqual([capture.requestBytes, capture.responseBytes, budget.used], [6, 6, 0]);
});

Deno.test("captures share one budget; what exceeds it is named and the others keep theirs", () => {
  const budget = new CaptureBudget(10);
  const first = new Capture(budget, 100);
  const second = new Capture(budget, 100);
  first.addRequest(new Uint8Array(8));
  second.addRequest(new Uint8Array(3));
  assert.equal(second.notCaptured, "over-capture-memory");
  assert.equal(first.request.length, 1);
  first.release();
  first.release();
  assert.equal(budget.used, 0);
});

Deno.test("captured bytes are those that came, however they were cut, and keep no read buffer alive", () => {
  const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(9_000)), { maxLength: 60 });
  fc.assert(
    fc.property(sizes, (sizes) => {
      const list = new ByteList();
      const all: number[] = [];
      for (const size of sizes) {
        const buffer = new Uint8Array(65_536).map((_, at) => at * 7 + size);
        list.push(buffer.subarray(100, 100 + size));
        all.push(...buffer.subarray(100, 100 + size));
      }
      assert.ok(Buffer.concat(list.parts).equals(Uint8Array.from(all)));
      const held = new Set(list.parts.map(({ buffer }) => buffer));
      const bytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
      assert.ok(bytes <= 2.5 * all.length + 8_192 || bytes <= 65_536, `${bytes} for ${all.length}`);
    }),
    { numRuns: 40 },
  );
});

Deno.test("projectName() is the git top level's, else the directory's", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/top/sub/deep`, { recursive: true });
    assert.equal(projectName(`${root}/top/sub`), "sub");
    await Deno.mkdir(`${root}/top/.git`);
    assert.equal(projectName(`${root}/top/sub/deep`), "top");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("providersOf() gives each type its own origin, and refuses two that claim one name", () => {
  assert.equal(
    providersOf(settingsWith({ provider: "anthropic" })).own.upstream.name,
    "https://api.anthropic.com",
  );
  const table = { type: "ollama", upstream: "http://gpu:11434/base/" } as const;
  const providers = providersOf(settingsWith({ provider: "ollama", providers: { ollama: table } }));
  assert.equal(providers.own.upstream.name, "http://gpu:11434/base");
  assert.deepEqual([...providers.byName.keys()], ["ollama", "echo"]);
  assert.throws(
    () =>
      providersOf(settingsWith({ provider: "ollama", upstream: "http://a", providers: { ollama: table } })),
    /remove one of them/,
  );
  assert.throws(() => providersOf(settingsWith({ upstream: "http://user@host" })), /Cannot use upstream/);
});

Deno.test("settings that contradict each other are refused", () => {
  const settings = settingsWith({ durability: "async", on_storage_failure: "block" });
  assert.throws(() => new Proxy(new FakeContext(), settings), /needs durability/);
});

Deno.test("one API key has one fingerprint, in whichever header it comes; the key is not in it", () => {
  const of = (...raw: string[]) => readRequestHead(raw).keyFingerprint;
  const bearer = of("Authorization", "Bearer sk-secret-1");
  assert.match(bearer ?? "", /^[0-9a-f]{16}$/);
  assert.equal(of("X-Api-Key", "sk-secret-1"), bearer);
  assert.equal(of("api-key", " sk-secret-1 "), bearer);
  assert.notEqual(of("Authorization", "Bearer sk-secret-2"), bearer);
  assert.equal(of("Authorization", "Bearer ", "Content-Type", "a/b"), undefined);
  assert.equal(keyFingerprint("sk-secret-1"), bearer);
});

Deno.test("KeyFingerprints gives what keyFingerprint() gives, however many keys there are", () => {
  const known = new KeyFingerprints();
  const headers = Array.from({ length: 600 }, (_, at) => `Bearer sk-${at}`);
  for (const header of [...headers, ...headers, "", "Bearer sk-0", "Bearer sk-0"]) {
    assert.equal(known.of(header), keyFingerprint(header));
  }
});

Deno.test("readResponseHead() gives the same wherever in memory the bytes lie", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 });
  fc.assert(fc.property(
    fc.array(fc.record({ bytes, place: fc.constantFrom("own", "next", "before") }), { maxLength: 12 }),
    (parts) => {
      const memory = new Uint8Array(400);
      let low = 200;
      let high = 200;
      const raw = parts.map(({ bytes, place }) => {
        if (place === "own") {
          // Where the others lie in theirs.
          const own = new Uint8Array(400);
          own.set(bytes, 200);
          return Buffer.from(own.buffer, 200, bytes.length);
        }
        const at = place === "next" ? high : low - bytes.length;
        if (place === "next") high += bytes.length;
        else low = at;
        memory.set(bytes, at);
        return Buffer.from(memory.buffer, at, bytes.length);
      });
      if (raw.length % 2 === 1) raw.pop();
      assert.deepEqual(readResponseHead(raw), readResponseHead(raw.map(latin1)));
    },
  ));
});
