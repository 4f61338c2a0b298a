import assert from "node:assert/strict";
import { request } from "node:http";
import { AdminServer, type AdminServerOptions, json } from "../../../lib/http/admin_server.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";

async function withAdmin(
  options: Partial<AdminServerOptions>,
  work: (call: typeof ask, server: AdminServer) => Promise<void>,
) {
  const server = new AdminServer({
    listen: "127.0.0.1:0",
    hosts: [],
    open: ["/healthz"],
    routes: [
      { method: "GET", path: "/node/:hash", handler: (_, params) => json({ hash: params.hash }) },
      { method: "POST", path: "/do", handler: async (asked) => json({ body: await asked.text() }) },
      { method: "GET", path: "/healthz", handler: () => json({ status: "ok" }) },
      {
        method: "GET",
        path: "/bug",
        handler: () => {
          throw new Error("a secret detail");
        },
      },
    ],
    log: createLogger({ sink: () => {} }),
    ...options,
  });
  await server.listen();
  const ask = (path: string, { method = "GET", headers = {}, body = "" } = {}) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { hostname, port } = new URL(server.origin ?? "");
      const name = hostname.replace(/[[\]]/g, "");
      const asked = request({ hostname: name, port, path, method, headers, agent: false }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => text += chunk);
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
      });
      asked.on("error", reject).end(body);
    });
  try {
    await work(ask, server);
  } finally {
    await server.close();
  }
}

declare const ask: (
  path: string,
  options?: { method?: string; headers?: Record<string, string>; body?: string },
) => Promise<{ status: number; body: string }>;

Deno.test("AdminServer answers routes with their parameters, and unknown paths with 404", () =>
  withAdmin({}, async (ask) => {
    assert.deepEqual(await ask("/node/abc"), { status: 200, body: '{"hash":"abc"}\n' });
    assert.deepEqual(await ask("/do", { method: "POST", body: "x" }), {
      status: 200,
      body: '{"body":"x"}\n',
    });
    assert.equal((await ask("/none")).status, 404);
  }));

Deno.test("AdminServer refuses a foreign Host and a foreign Origin before any route", () =>
  withAdmin({}, async (ask) => {
    assert.equal((await ask("/node/abc", { headers: { host: "evil.example" } })).status, 421);
    assert.equal(
      (await ask("/do", { method: "POST", headers: { origin: "https://evil.example" } })).status,
      403,
    );
  }));

Deno.test("AdminServer with a token answers only who has it, but for health", () =>
  withAdmin({ token: "0123456789abcdef" }, async (ask) => {
    assert.equal((await ask("/node/abc")).status, 401);
    assert.equal(
      (await ask("/node/abc", { headers: { authorization: "Bearer 0123456789abcdef" } })).status,
      200,
    );
    assert.equal((await ask("/healthz")).status, 200);
  }));

Deno.test("AdminServer tells nothing of a route's error", () =>
  withAdmin({}, async (ask) => {
    assert.deepEqual(await ask("/bug"), { status: 500, body: '{"error":"internal error"}\n' });
  }));

Deno.test("AdminServer does not open for other machines without a token", async () => {
  await assert.rejects(withAdmin({ listen: ":0" }, () => Promise.resolve()), /set admin.token/);
});

Deno.test("AdminServer names the setting when its port is taken", () =>
  withAdmin({}, async (_, server) => {
    const listen = new URL(server.origin ?? "").host;
    await assert.rejects(
      withAdmin({ listen }, () => Promise.resolve()),
      /Cannot listen on .* change admin.listen/,
    );
  }));
