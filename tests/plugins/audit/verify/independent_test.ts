import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { endLine } from "../../../../plugins/audit/verify/export_format.ts";
import { independently, pythonIsThere } from "./independently.ts";
import { keyOf, TrailBuilder } from "./trail_builder.ts";
import { firstOf, verifyExport } from "./verifying.ts";

const OTHER = "w-fedcba9876543210";
const built = new TrailBuilder().add(8).checkpoint().add(8).checkpoint().retain(11).checkpoint().add(3, {
  facts: { text: 'é 😀 \u2028 "\\', agent: "" },
}).checkpoint().add(2);
const second = new TrailBuilder(OTHER, 2).add(5).checkpoint();
const vkeys = [keyOf(1).vkey, keyOf(2, OTHER).vkey];
const whole = [
  ...built.exportLines().slice(0, -1),
  ...second.exportLines().slice(1, -1),
  endLine({ records: 27, checkpoints: 5, proofs: 0 }),
];
const kept = built.exportLines(built.anchor(11));
const line = (seq: number) => `${Buffer.from(built.records[seq]!.bytes)}\n`;

const EXPORTS: [what: string, sound: boolean, lines: string[]][] = [
  ["a whole one of two writers", true, whole],
  ["one whose first records were removed", true, kept],
  [
    "one with a record changed",
    false,
    whole.map((each) => each === line(5) ? each.replace("acme", "acne") : each),
  ],
  ["one with a record missing", false, whole.filter((each) => each !== line(5))],
  [
    "one with a checkpoint's root changed",
    false,
    whole.map((each) =>
      each.startsWith('{"checkpoint"') ? each.replace(/\\n[A-Za-z0-9+/]{43}=/, `\\n${"A".repeat(43)}=`) : each
    ),
  ],
  [
    "one with a checkpoint's signature changed",
    false,
    whole.map((each) =>
      each.replace(
        /([A-Za-z])([A-Za-z0-9+/]{20}[^"]*\\n"\}\n)$/,
        (_, one, rest) => (one === "A" ? "B" : "A") + rest,
      )
    ),
  ],
  ["one that was cut", false, whole.slice(0, -1)],
  ["one without its anchor", false, kept.toSpliced(1, 1)],
  [
    "one with another anchor",
    false,
    kept.with(
      1,
      kept[1]!.replace('"subtrees":["', '"subtrees":["0'.slice(0, -1)).replace(
        /"[0-9a-f]{64}"\]/,
        `"${"0".repeat(64)}"]`,
      ),
    ),
  ],
];

Deno.test({
  name:
    "a verifier in another language, after the formats' own texts, finds exports sound and damaged as ours does",
  ignore: !pythonIsThere(),
  async fn(t) {
    const folder = await Deno.makeTempDir({ prefix: "capstan-independent-" });
    try {
      for (const [what, sound, lines] of EXPORTS) {
        await t.step(what, async () => {
          const file = `${folder}/export.jsonl`;
          await Deno.writeTextFile(file, lines.join(""));
          const theirs = await independently(file, vkeys);
          const ours = await verifyExport(lines.join(""), { vkeys });
          assert.deepEqual([theirs.code === 0, firstOf(ours) === "sound"], [sound, sound], theirs.out);
          if (!sound) return assert.match(theirs.out, /^DAMAGED: /);
          assert.equal(
            theirs.out,
            ours.writers.map(({ writer, size, covered, head }) => `${writer} ${size} ${covered} ${head}\n`)
              .join(""),
          );
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the independent verifier imports nothing but Python's standard library", async () => {
  const text = await Deno.readTextFile(fileURLToPath(new URL("./independent_verifier.py", import.meta.url)));
  const imported = [...text.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(imported, ["base64", "hashlib", "json", "sys"]);
});
