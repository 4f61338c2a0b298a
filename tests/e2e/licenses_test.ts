import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import type { Component } from "../../lib/cli/inventory/component.ts";
import { objections } from "../lib/cli/inventory/bill_schema.ts";
import { capstan } from "./capstan.ts";

const executable = Deno.env.get("CAPSTAN_EXECUTABLE");

async function licenses(...args: string[]): Promise<string> {
  const { code, out, error } = await capstan({ args: ["licenses", ...args] });
  assert.deepEqual([code, error], [0, ""]);
  return out;
}

const components: Component[] = JSON.parse(await licenses("--json"));
const named = (name: string) => components.find((each) => each.name === name);

Deno.test("licenses lists the packages that deno.json pins, in their versions, and the run-time", () => {
  for (const name of ["commander", "@platformatic/kafka", "undici", "hono"] as const) {
    assert.equal(`npm:${name}@${named(name)?.version}`, manifest.imports[name]);
  }
  assert.equal(named("deno")?.version, Deno.version.deno);
  assert.equal(named("v8")?.license, "BSD-3-Clause");
  assert.match(named("sqlite")?.version ?? "", /^3\.\d+\.\d+$/);
  for (const name of ["openai", "ollama", "fast-check", "nanotar"]) {
    assert.equal(named(name), undefined, `${name} is for tests and builds alone`);
  }
});

Deno.test({
  name: "licenses of the executable has every licence's words, and no package for other systems",
  ignore: executable === undefined,
  fn() {
    assert.deepEqual(components.filter(({ texts }) => texts.length === 0).map(({ name }) => name), []);
    assert.deepEqual(components.filter(({ name }) => name.startsWith("@node-rs/")), []);
  },
});

Deno.test("licenses NAME prints its words, --text all of them", async () => {
  assert.match(await licenses("commander"), /^commander \S+ \(MIT\)\n=+\n\n\(The MIT License\)/);
  const all = await licenses("--text");
  for (const { name, version, license, texts } of components) {
    assert.ok(all.includes(`${name} ${version} (${license})\n`), name);
    for (const { text } of texts) assert.ok(all.includes(text), name);
  }
});

Deno.test("licenses --sbom is a valid bill of materials with each of them", async () => {
  const bill = JSON.parse(await licenses("--sbom"));
  assert.deepEqual(await objections(bill), []);
  assert.deepEqual(
    bill.components.map(({ purl }: { purl: string }) => purl),
    components.map(({ purl }) => purl),
  );
  assert.equal(bill.metadata.component.version, manifest.version);
});

Deno.test("licenses of what is no part of it ends with 2", async () => {
  const { code, error } = await capstan({ args: ["licenses", "nothing"] });
  assert.equal(code, 2);
  assert.match(error, /Cannot print the licence of nothing: it is no part of this program/);
});
