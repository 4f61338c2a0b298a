import assert from "node:assert/strict";
import { request } from "node:http";
import { TokenBook } from "../../../lib/access/token_book.ts";
import { type AdminAction, json } from "../../../lib/http/admin_app.ts";
import { AdminServer, type AdminServerOptions } from "../../../lib/http/admin_server.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";

async function withAdmin(
  options: Partial<AdminServerOptions>,
  work: (call: typeof ask, server: AdminServer) => Promise<void>,
) {
  const server = new AdminServer({
    listen: "127.0.0.1:0",
    hosts: [],
    requireToken: options.token !== undefined,
    maxBody: 100,
    requestsPerSecond: 1_000,
    routes: [
      { method: "GET", path: "/node/:hash", handler: (_, params) => json({ hash: params.hash }) },
      { method: "POST", path: "/do", handler: async (asked) => json({ body: await asked.text() }) },
      {
        method: "GET",
        path: "/healthz",
        handler: () => json({ status: "ok", parts: {} }),
        brief: () => json({ status: "ok" }),
      },
      { method: "POST", path: "/v1/feedback", role: "feedback", handler: (_, __, caller) => json(caller) },
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

/** A book of tokens in a folder of its own. */
async function withBook(work: (book: TokenBook) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-tokens-" });
  try {
    await work(new TokenBook(`${folder}/admin-tokens.json`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

Deno.test("a token does what its roles allow, and nothing else; its route is told who calls", () =>
  withBook(async (book) => {
    const token = await book.add({ name: "app", roles: ["feedback"], tenant: "acme" });
    const reader = await book.add({ name: "grafana", roles: ["read"] });
    const admin = await book.add({ name: "ops", roles: ["admin"] });
    await withAdmin({ book, requireToken: true }, async (ask) => {
      const statuses = async (token: string) => [
        (await ask("/node/a", bearer(token))).status,
        (await ask("/do", { method: "POST", ...bearer(token) })).status,
        (await ask("/v1/feedback", { method: "POST", ...bearer(token) })).status,
      ];
      assert.deepEqual(await statuses(token), [403, 403, 200]);
      assert.deepEqual(await statuses(reader), [200, 403, 403]);
      assert.deepEqual(await statuses(admin), [200, 200, 200]);
      assert.deepEqual(await statuses("capstan_00000000_" + "a".repeat(43)), [401, 401, 401]);
      const told = await ask("/v1/feedback", { method: "POST", ...bearer(token) });
      assert.deepEqual(JSON.parse(told.body), { name: "app", roles: ["feedback"], tenant: "acme" });
      assert.match(
        (await ask("/do", { method: "POST", ...bearer(token) })).body,
        /app may feedback; .* admin/,
      );
    });
  }));

Deno.test("a token that is none is nobody's, also where no token is needed", () =>
  withAdmin({}, async (ask) => {
    assert.equal((await ask("/node/a")).status, 200);
    assert.equal((await ask("/node/a", bearer("guess"))).status, 401);
  }));

Deno.test("health says no more than up or down to who has no token", () =>
  withAdmin({ token: "0123456789abcdef" }, async (ask) => {
    assert.deepEqual((await ask("/healthz")).body, '{"status":"ok"}\n');
    assert.deepEqual(
      (await ask("/healthz", bearer("0123456789abcdef"))).body,
      '{"status":"ok","parts":{}}\n',
    );
    assert.equal((await ask("/none")).status, 401);
  }));

Deno.test("a body over the limit is refused, with and without Content-Length", () =>
  withAdmin({}, async (ask) => {
    assert.equal((await ask("/do", { method: "POST", body: "x".repeat(100) })).status, 200);
    const whole = { "content-length": "101" };
    assert.equal((await ask("/do", { method: "POST", body: "x".repeat(101), headers: whole })).status, 413);
    const chunked = { "transfer-encoding": "chunked" };
    assert.equal((await ask("/do", { method: "POST", body: "x".repeat(101), headers: chunked })).status, 413);
  }));

Deno.test("who asks too often is told to wait, and others are not", () =>
  withBook(async (book) => {
    const token = await book.add({ name: "app", roles: ["read"] });
    await withAdmin({ book, requestsPerSecond: 1 }, async (ask) => {
      const [first, second, other] = [
        await ask("/node/a"),
        await ask("/node/a"),
        await ask("/node/a", bearer(token)),
      ];
      assert.deepEqual([first.status, second.status, other.status], [200, 429, 200]);
    });
  }));

Deno.test("what changes something is told of with who did it, reading is not", async () => {
  const actions: AdminAction[] = [];
  await withAdmin({ onAction: (action) => actions.push(action) }, async (ask) => {
    await ask("/node/a");
    await ask("/v1/feedback", { method: "POST" });
    await ask("/do", { method: "POST" });
  });
  assert.deepEqual(actions, [{ action: "POST /do", actor: "local", status: 200 }]);
});

Deno.test("AdminServer lets a request finish when it closes, until it is told to cut it off", async () => {
  const entered = Promise.withResolvers<void>();
  const never = new Promise<Response>(() => {});
  const hang = { method: "GET", path: "/hang", handler: () => (entered.resolve(), never) } as const;
  const cut = new AbortController();
  await withAdmin({ routes: [hang] }, async (ask, server) => {
    const asked = ask("/hang");
    await entered.promise;
    const closed = server.close(cut.signal);
    cut.abort();
    await closed;
    assert.equal((await asked).status, 503);
    await assert.rejects(server.answer(new Request("http://admin/hang")), /is closed/);
  });
});
