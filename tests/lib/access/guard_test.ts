import assert from "node:assert/strict";
import { type GuardOptions, refusal } from "../../../lib/access/guard.ts";

const loopback: GuardOptions = { hosts: ["agent.example"], port: 8081 };

function ask(options: GuardOptions, headers: Record<string, string>, method = "GET") {
  return refusal(options, { method, header: (name) => headers[name] })?.status ?? 200;
}

for (
  const host of [
    "127.0.0.1:8081",
    "localhost:8081",
    "LOCALHOST:8081",
    "[::1]:8081",
    "agent.example",
    "agent.example:8081",
  ]
) {
  Deno.test(`Host ${host} is let in`, () => assert.equal(ask(loopback, { host }), 200));
}

for (
  const host of [
    "evil.example",
    "evil.example:8081",
    "127.0.0.1:9999",
    "10.0.0.1:8081",
    "localhost.evil.example:8081",
    "",
  ]
) {
  Deno.test(`Host ${JSON.stringify(host)} is refused: its name may have been rebound`, () => {
    assert.equal(ask(loopback, { host }), 421);
  });
}

Deno.test("a request without Host is refused", () => assert.equal(ask(loopback, {}), 421));

Deno.test("a listener of every interface takes a Host that is an address, not one that is a foreign name", () => {
  const every = { ...loopback, anyAddress: true };
  assert.equal(ask(every, { host: "192.168.1.5:8081" }), 200);
  assert.equal(ask(every, { host: "[fe80::1]:8081" }), 200);
  assert.equal(ask(every, { host: "evil.example:8081" }), 421);
});

for (
  const origin of [
    "https://evil.example",
    "null",
    "http://localhost:3000",
    "http://127.0.0.1:8081.evil.example",
  ]
) {
  for (const method of ["GET", "POST"]) {
    Deno.test(`${method} from a page of ${origin} is refused`, () => {
      assert.equal(ask(loopback, { host: "127.0.0.1:8081", origin }, method), 403);
    });
  }
}

for (const origin of ["http://127.0.0.1:8081", "http://localhost:8081", "https://agent.example"]) {
  Deno.test(`POST from the agent's own page at ${origin} is let in`, () => {
    assert.equal(ask(loopback, { host: "127.0.0.1:8081", origin }, "POST"), 200);
  });
}

Deno.test("what another site's page loads without an Origin is refused, but a link that a person follows is let in", () => {
  const host = "127.0.0.1:8081";
  const cross = { host, "sec-fetch-site": "cross-site" };
  assert.equal(ask(loopback, { ...cross, "sec-fetch-mode": "no-cors" }), 403);
  assert.equal(ask(loopback, { ...cross, "sec-fetch-mode": "navigate" }), 200);
  assert.equal(ask(loopback, { ...cross, "sec-fetch-mode": "navigate" }, "POST"), 403);
  assert.equal(ask(loopback, { host, "sec-fetch-site": "same-origin" }), 200);
  assert.equal(ask(loopback, { host, "sec-fetch-site": "none" }), 200);
});
