import assert from "node:assert/strict";
import { createServer } from "node:https";
import { ProxyFixture } from "./fixture.ts";

const files = new URL("../../../fixtures/tls/", import.meta.url);
const read = (name: string) => Deno.readTextFile(new URL(name, files));

async function secureUpstream(): Promise<{ url: string } & AsyncDisposable> {
  const options = { cert: await read("server.pem"), key: await read("server.key.pem") };
  const server = createServer(options, (request, response) => response.end(`secure ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `https://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

Deno.test("an upstream's certificate from upstream_ca_file is believed", async () => {
  await using upstream = await secureUpstream();
  const caFile = new URL("ca.pem", files).pathname;
  await using fixture = await ProxyFixture.start({ upstream: upstream.url, upstream_ca_file: caFile });
  assert.equal(await (await fetch(`${fixture.origin}/v1`)).text(), "secure /v1");
});

Deno.test("an upstream's certificate from an unknown authority is a 502 that says so", async () => {
  await using upstream = await secureUpstream();
  await using fixture = await ProxyFixture.start({ upstream: upstream.url });
  const response = await fetch(`${fixture.origin}/v1`);
  assert.equal(response.status, 502);
  assert.match((await response.json()).error.message, /localhost.*certificate/i);
});

Deno.test("an upstream_ca_file that is missing or holds no certificate stops the start", async () => {
  await assert.rejects(
    ProxyFixture.start({ upstream: "https://localhost:9", upstream_ca_file: "/nonexistent.pem" }),
    /Cannot read upstream_ca_file \/nonexistent\.pem/,
  );
  const key = new URL("server.key.pem", files).pathname;
  await assert.rejects(
    ProxyFixture.start({ upstream: "https://localhost:9", upstream_ca_file: key }),
    /holds no PEM certificate/,
  );
});
