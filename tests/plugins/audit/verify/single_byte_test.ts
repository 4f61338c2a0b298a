import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { keyOf, TrailBuilder } from "./trail_builder.ts";
import { verifyExport } from "./verifying.ts";

const built = new TrailBuilder().add(3).checkpoint().add(3).retain(2).checkpoint().add(2);
const foreign = new TrailBuilder().add(2);
foreign.signers.push(keyOf(7).signer);
foreign.checkpoint();

Deno.test("any single byte of an export that is changed is found, or its record is told to be covered by nothing", async () => {
  const lines = built.exportLines(built.anchor(2));
  const bytes = Buffer.from(lines.join(""));
  const tail = Buffer.from(lines.slice(-3, -1).join("")).length;
  const end = Buffer.from(lines.at(-1) ?? "").length;
  const sound = await verifyExport(bytes);
  assert.ok(sound.sound);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(bytes);
      changed[at]! ^= by;
      const { sound, writers: [writer] } = await verifyExport(changed);
      if (!sound) return;
      assert.ok(at >= bytes.length - end - tail && at < bytes.length - end, `byte ${at} of ${bytes.length}`);
      assert.ok(writer && writer.covered < writer.size);
    }),
    { numRuns: 600 },
  );
});

Deno.test("a changed signature of a key nobody gave is not found, and it is told that none was checked", async () => {
  const text = foreign.exportLines().join("");
  const at = text.lastIndexOf("=\\n");
  const changed = `${text.slice(0, at - 12)}AAAA${text.slice(at - 8)}`;
  for (const each of [text, changed]) {
    const { sound, remarks } = await verifyExport(each);
    assert.deepEqual([sound, remarks.length], [true, 1]);
  }
});
