import assert from "node:assert/strict";
import fc from "fast-check";
import { editToml } from "../../../lib/config/edit.ts";
import { type KeyPath, keyText, parseKey, tomlString } from "../../../lib/config/key.ts";
import { ConfigError } from "../../../lib/config/problem.ts";
import { nodeAt, readToml } from "../../../lib/config/toml.ts";

const edit = (text: string, key: string, literal: string) =>
  editToml(text, { path: parseKey(key) ?? [], literal }, "config.toml");

const CASES: [name: string, before: string, key: string, literal: string, after: string][] = [
  [
    "replaces a value and keeps the comment behind it",
    "[a]\nb = 1 # one\n",
    "a.b",
    "2",
    "[a]\nb = 2 # one\n",
  ],
  ["replaces a value of several lines", "a = [\n 1, # x\n 2,\n]\nb = 1\n", "a", "3", "a = 3\nb = 1\n"],
  [
    "adds a key behind the last of its table",
    "[a]\nb = 1 # one\n\n[c]\n",
    "a.d",
    "2",
    "[a]\nb = 1 # one\nd = 2\n\n[c]\n",
  ],
  ["adds a key to an empty table", "[a] # here\n[c]\n", "a.b", "1", "[a] # here\nb = 1\n[c]\n"],
  ["keeps the indentation of its neighbours", "[a]\n\tb = 1\n", "a.c", "2", "[a]\n\tb = 1\n\tc = 2\n"],
  ["adds a missing table at the end", "x = 1", "a.b.c", "2", "x = 1\n\n[a.b]\nc = 2\n"],
  ["starts an empty file", "", "a.b", "1", "[a]\nb = 1\n"],
  ["adds a table above one that is there", "[a.b]\nc = 1\n", "a.d", "2", "[a.b]\nc = 1\n\n[a]\nd = 2\n"],
  ["follows dotted keys", "a.b = 1\nx = 2\n", "a.c", "3", "a.b = 1\na.c = 3\nx = 2\n"],
  ["follows dotted keys inside a table", "[a]\nb.c = 1\n", "a.b.d.e", "2", "[a]\nb.c = 1\nb.d.e = 2\n"],
  ["goes into an inline table", "[a]\nb = { c = 1 }\n", "a.b.d", "2", "[a]\nb = { c = 1, d = 2 }\n"],
  ["goes into an empty inline table", "a = {}\n", "a.b.c", "2", "a = { b.c = 2 }\n"],
  [
    "goes into the inline table that is nearest",
    "a.b = { c = {} }\n",
    "a.b.c.d",
    "2",
    "a.b = { c = { d = 2 } }\n",
  ],
  ["adds a key at the top", "# mine\n\n[a]\n", "v", "1", "v = 1\n\n# mine\n\n[a]\n"],
  ["adds a key at the top behind others", "a = 1\n\n[b]\n", "v", "1", "a = 1\nv = 1\n\n[b]\n"],
  ["keeps line ends of Windows", "[a]\r\nb = 1\r\n", "a.c", "2", "[a]\r\nb = 1\r\nc = 2\r\n"],
  ["quotes names that need it", "", 'topics."a b".name', '"x"', '[topics."a b"]\nname = "x"\n'],
  ["finds quoted names", '["a"."b c"]\nd = 1\n', 'a."b c".d', "2", '["a"."b c"]\nd = 2\n'],
  ["adds to a file without a last line end", "[a]\nb = 1", "a.c", "2", "[a]\nb = 1\nc = 2\n"],
];

for (const [name, before, key, literal, after] of CASES) {
  Deno.test(`editToml() ${name}`, () => assert.equal(edit(before, key, literal), after));
}

Deno.test("editToml() refuses what it can't do without harm", () => {
  const texts = ["[a.b]\nc = 1\n", "[[a]]\nb = 1\n", "a = 1\n"];
  for (const text of texts) {
    assert.throws(() => edit(text, text.startsWith("[a.b]") ? "a.b" : "a.b", "2"), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /^Cannot set a\.b in config\.toml: .*edit it by hand$/);
      return true;
    });
  }
});

Deno.test("editToml() sets a value that is read back, and leaves every other line alone", () => {
  const name = fc.oneof(fc.constantFrom("a", "b", "c"), fc.constantFrom("x y", "ü", '"', "é.f"));
  const path = fc.array(name, { minLength: 1, maxLength: 4 });
  const line = fc.oneof(
    fc.constantFrom("", "# a comment", "  # another = 1"),
    fc.tuple(path, fc.string()).map(([key, value]) => `${keyText(key)} = ${tomlString(value)} # kept`),
    path.map((key) => `[${keyText(key)}]`),
    fc.tuple(name, name).map(([key, inner]) => `${keyText([key])} = { ${keyText([inner])} = 1 }`),
    path.map((key) => `[[${keyText(key)}]]`),
  );
  const file = fc.tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .map(([lines, eol, ended]) => lines.join(eol) + (ended ? eol : "")).filter(isToml);
  let done = 0;
  fc.assert(
    fc.property(file, path, fc.string(), (before, key, value) => {
      const after = tryEdit(before, key, tomlString(value));
      if (after === undefined) return;
      done++;
      const node = nodeAt(readToml(after, "x"), key);
      assert.deepEqual(node?.kind === "value" ? node.value : node, value);
      const [was, is] = [before.split(/\r?\n/), after.split(/\r?\n/)];
      const kept = commonLines(was, is);
      // One line changes at most, and it is the one with the key; lines of the file's own stay in their order.
      assert.ok(kept >= was.length - 1, `${kept} of ${was.length} lines are kept`);
      if (after.includes("\r\n") && before.includes("\r\n")) assert.doesNotMatch(after, /[^\r]\n/);
    }),
    { numRuns: 1_000 },
  );
  assert.ok(done > 300, `only ${done} edits were made`);
});

function isToml(text: string): boolean {
  try {
    readToml(text, "x");
    return true;
  } catch {
    return false;
  }
}

function tryEdit(text: string, path: KeyPath, literal: string): string | undefined {
  try {
    return editToml(text, { path, literal }, "config.toml");
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /^Cannot set /);
    return undefined;
  }
}

/** Length of the longest common subsequence. */
function commonLines(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const line of a) {
    const next = [0];
    for (let j = 1; j <= b.length; j++) {
      next.push(line === b[j - 1] ? (row[j - 1] ?? 0) + 1 : Math.max(row[j] ?? 0, next[j - 1] ?? 0));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
