import assert from "node:assert/strict";
import { TokenBook } from "../../../lib/access/token_book.ts";

async function inFolder(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-tokens-" });
  try {
    await work(`${folder}/data/admin-tokens.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a token is known by whoever reads the file, which holds nothing it could be made from", () =>
  inFolder(async (file) => {
    const token = await new TokenBook(file).add({ name: "app", roles: ["feedback"], tenant: "acme" });
    const other = new TokenBook(file);
    assert.deepEqual(await other.callerOf(token), { name: "app", roles: ["feedback"], tenant: "acme" });
    const text = await Deno.readTextFile(file);
    assert.ok(!text.includes(token.slice(-43)));
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    for (
      const wrong of [
        "",
        token.slice(0, -1),
        token.slice(0, -1) + (token.endsWith("A") ? "B" : "A"),
        "Bearer",
      ]
    ) {
      assert.equal(await other.callerOf(wrong), undefined, wrong);
    }
  }));

Deno.test("a revoked token is nobody's at the next request, and its name is free again", () =>
  inFolder(async (file) => {
    const agent = new TokenBook(file), command = new TokenBook(file);
    const token = await command.add({ name: "app", roles: ["read"] });
    assert.ok(await agent.callerOf(token));
    await assert.rejects(command.add({ name: "app", roles: ["read"] }), /one of that name holds/);
    assert.equal((await command.revoke("app"))?.name, "app");
    assert.equal(await agent.callerOf(token), undefined);
    assert.equal(await command.revoke("app"), undefined);
    assert.ok(await agent.callerOf(await command.add({ name: "app", roles: ["read"] })));
    assert.equal((await agent.list()).length, 2);
  }));

Deno.test("a token holds until it expires", () =>
  inFolder(async (file) => {
    let now = 1_000;
    const book = new TokenBook(file, () => now);
    const token = await book.add({ name: "app", roles: ["read"], expiresAt: 2_000 });
    now = 1_999;
    assert.ok(await book.callerOf(token));
    now = 2_000;
    assert.equal(await book.callerOf(token), undefined);
  }));

for (const text of ["{", '{"version":2,"tokens":[]}', '{"version":1,"tokens":[{"id":"x","name":"a"}]}']) {
  Deno.test(`a file that holds ${text} is refused with its path; nobody is let in by it`, () =>
    inFolder(async (file) => {
      const book = new TokenBook(file);
      await book.add({ name: "app", roles: ["read"] });
      await Deno.writeTextFile(file, text);
      await assert.rejects(book.list(), (error: Error) => error.message.includes(file));
    }));
}
