import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { oauthTokens } from "../../../../lib/bus/kafka/oauth_token.ts";

interface Asked {
  method?: string;
  authorization?: string;
  body: string;
}

/** A token server on loopback; `answer` gives status and body of each request. */
async function tokenServer(answer: (asked: Asked, nth: number) => { status?: number; body: string }) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const one = { method: request.method, authorization: request.headers.authorization, body };
    asked.push(one);
    const { status = 200, body: text } = answer(one, asked.length);
    response.writeHead(status, { connection: "close" }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token`,
    asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const granted = (token: string, seconds: number) =>
  JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: seconds });

Deno.test("with a client's secret a token is granted by client credentials, and the scope is asked for", async () => {
  await using server = await tokenServer(() => ({ body: granted("t1", 3_600) }));
  const token = oauthTokens({ url: server.url, clientId: "a:b", clientSecret: "s&ü", scope: "kafka" });
  assert.equal(await token(), "t1");
  const basic = btoa(`${encodeURIComponent("a:b")}:${encodeURIComponent("s&ü")}`);
  assert.deepEqual(server.asked, [{
    method: "POST",
    authorization: `Basic ${basic}`,
    body: "grant_type=client_credentials&scope=kafka",
  }]);
});

Deno.test("a token is kept until shortly before it ends, and asked for once however many want it", async () => {
  await using server = await tokenServer((_, nth) => ({ body: granted(`t${nth}`, 100) }));
  let now = 0;
  const token = oauthTokens({ url: server.url, clientId: "a", clientSecret: "s", now: () => now });
  assert.deepEqual(await Promise.all([token(), token(), token()]), ["t1", "t1", "t1"]);
  now = 69_999;
  assert.equal(await token(), "t1");
  now = 70_000;
  assert.equal(await token(), "t2");
  assert.equal(server.asked.length, 2);
});

Deno.test("without a client's secret a GET gives the token, as text or as JSON", async () => {
  for (const body of ["abc.def.ghi\n", granted("abc.def.ghi", 60)]) {
    await using server = await tokenServer(() => ({ body }));
    assert.equal(await oauthTokens({ url: server.url })(), "abc.def.ghi");
    assert.equal(server.asked[0]?.method, "GET");
    assert.equal(server.asked[0]?.authorization, undefined);
  }
});

Deno.test("what goes wrong says where and what to check, and never a secret; the next call asks again", async () => {
  const cases: { status?: number; body: string; wrong: RegExp }[] = [
    { status: 401, body: "bad secret hush", wrong: /answers 401; check sasl_token_client_id/ },
    { body: "hush is no JSON {", wrong: /has no access_token/ },
    { body: `{"access_token":7,"note":"hush"}`, wrong: /has no access_token/ },
    { body: "[1]", wrong: /has no access_token/ },
  ];
  for (const { wrong, ...answer } of cases) {
    await using server = await tokenServer((_, nth) => nth === 1 ? answer : { body: granted("t", 60) });
    const token = oauthTokens({ url: server.url, clientId: "a", clientSecret: "hush" });
    await assert.rejects(token(), (error: Error) => {
      assert.match(error.message, wrong);
      assert.ok(error.message.includes("127.0.0.1"), error.message);
      assert.ok(!error.message.includes("hush"), error.message);
      return true;
    });
    assert.equal(await token(), "t");
  }
  const gone = await tokenServer(() => ({ body: "" }));
  await gone[Symbol.asyncDispose]();
  await assert.rejects(oauthTokens({ url: gone.url })(), /does not answer; check sasl_token_url/);
});

Deno.test("an address that is none, or would carry the secret over a network in clear text, is refused", () => {
  for (const url of ["token", "ftp://localhost/x", "http://login.example/token", "http://10.0.0.1/t"]) {
    assert.throws(() => oauthTokens({ url }), TypeError, url);
  }
  for (const url of ["https://login.example/t", "http://localhost:1/t", "http://[::1]:1/t"]) {
    oauthTokens({ url });
  }
});
