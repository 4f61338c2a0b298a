import assert from "node:assert/strict";
import { parseTar } from "nanotar";
import { tar } from "../../.ci/compile/tar.ts";

const BLOCK = 512;

Deno.test("an archive of any length ends with two empty blocks, and holds its files", () => {
  // nanotar fills up to 20 blocks: one for the head, and these.
  for (let blocks = 0; blocks < 20; blocks++) {
    const data = new Uint8Array(blocks * BLOCK).fill(1);
    const archive = tar([{ name: "deno", mode: "755", data }]);
    assert.equal(archive.length % BLOCK, 0);
    assert.ok(archive.subarray(-2 * BLOCK).every((byte) => byte === 0), `${blocks} blocks`);
    assert.deepEqual(parseTar(archive).map(({ name, size }) => [name, size]), [["deno", data.length]]);
  }
});
