import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, isLoopback, parseListenAddress } from "../../../lib/http/listen_address.ts";

Deno.test("parseListenAddress() reads host:port, :port and [v6]:port", () => {
  assert.deepEqual(parseListenAddress("127.0.0.1:8080"), { host: "127.0.0.1", port: 8080 });
  assert.deepEqual(parseListenAddress(":8080"), { host: undefined, port: 8080 });
  assert.deepEqual(parseListenAddress("[::1]:0"), { host: "::1", port: 0 });
  assert.deepEqual(parseListenAddress("capstan.example:65535"), { host: "capstan.example", port: 65535 });
});

for (
  const bad of [
    "",
    "8080",
    "localhost",
    "::1:80",
    "host:65536",
    "host:-1",
    "http://h:1",
    "a b:1",
    "[]:1",
    "h:1/",
  ]
) {
  Deno.test(`parseListenAddress() refuses ${JSON.stringify(bad)}`, () => {
    assert.throws(() => parseListenAddress(bad), /Cannot listen on .*host:port/);
  });
}

Deno.test("parseListenAddress() gives back what formatAddress() wrote", () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
    assert.deepEqual(parseListenAddress(formatAddress(name, port)), { host: name, port });
  }));
});

Deno.test("parseListenAddress() either gives a port in range or refuses, whatever the text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[[\]:.0-9a-f]{0,20}$/)), (text) => {
    try {
      const { host, port } = parseListenAddress(text);
      assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535 && host !== "");
    } catch (error) {
      assert.match(String(error), /Cannot listen on/);
    }
  }));
});

Deno.test("isLoopback() is true for this machine's own addresses alone", () => {
  for (
    const own of [
      "127.0.0.1",
      "127.8.9.1",
      "::1",
      "0:0:0:0:0:0:0:1",
      "localhost",
      "a.localhost",
      "::ffff:127.0.0.1",
    ]
  ) {
    assert.equal(isLoopback(own), true, own);
  }
  for (
    const other of [
      undefined,
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "1270.0.0.1",
      "localhost.example",
      "::2",
      "fe80::1",
    ]
  ) {
    assert.equal(isLoopback(other), false, String(other));
  }
});
