import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { ConfigError } from "../../../lib/config/problem.ts";
import { nodeAt, readToml, type TomlNode } from "../../../lib/config/toml.ts";

Deno.test("readToml() gives the position of a key, however its table was written", () => {
  const text = '# top\na.b = 1\n\n[x]\n  y = { z = 2 }\n[x.w]\n[[l]]\nm = 3\n["q r"]\ns = "t"\n';
  const root = readToml(text, "config.toml");
  const at = (path: string[]) => nodeAt(root, path)?.at;
  assert.deepEqual(at(["a", "b"]), { line: 2, column: 1 });
  assert.deepEqual(at(["x"]), { line: 4, column: 2 });
  assert.deepEqual(at(["x", "y", "z"]), { line: 5, column: 9 });
  assert.deepEqual(at(["x", "w"]), { line: 6, column: 2 });
  assert.deepEqual(at(["q r", "s"]), { line: 10, column: 1 });
  assert.equal(nodeAt(root, ["l"])?.kind, "array");
});

Deno.test("readToml() says file, line and column where the text is not TOML", () => {
  assert.throws(() => readToml("a = 1\nb = nope\n", "/conf/config.toml"), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /\/conf\/config\.toml:2:5: this is not TOML: /);
    assert.ok(error.cause instanceof Error);
    return true;
  });
});

Deno.test("readToml() reads what another TOML library writes", () => {
  const scalar = fc.oneof(fc.string(), fc.boolean(), fc.integer().map(BigInt));
  const name = fc.oneof(fc.stringMatching(/^[a-z]{1,4}$/), fc.string({ minLength: 1, maxLength: 3 }))
    .filter((key) => key !== "__proto__");
  const table = fc.dictionary(
    name,
    fc.oneof(scalar, fc.array(fc.string(), { maxLength: 3 }), fc.dictionary(name, scalar)),
  );
  fc.assert(fc.property(table, (value) => {
    const text = stringify(value);
    assert.deepEqual(plain(readToml(text, "x")), normal(parse(text, { integersAsBigInt: true })));
  }));
});

function plain(node: TomlNode): unknown {
  if (node.kind === "value") return node.value;
  if (node.kind === "array") return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([name, inner]) => [name, plain(inner)]));
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normal(inner)]));
}
