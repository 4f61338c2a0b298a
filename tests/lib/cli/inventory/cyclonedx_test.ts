import assert from "node:assert/strict";
import type { Component } from "../../../../lib/cli/inventory/component.ts";
import { cycloneDx } from "../../../../lib/cli/inventory/cyclonedx.ts";
import { assertGolden } from "../golden_text.ts";
import { objections } from "./bill_schema.ts";

const product = { name: "capstan", version: "1.2.3", license: "Apache-2.0", commit: "0".repeat(40) };
const components: readonly Component[] = [
  {
    name: "@scope/name",
    version: "1.0.0",
    license: "MIT",
    purl: "pkg:npm/%40scope/name@1.0.0",
    sha512: "ab".repeat(64),
    texts: [],
  },
  { name: "both", version: "2.0.0", license: "(MIT OR Apache-2.0)", purl: "pkg:npm/both@2.0.0", texts: [] },
  { name: "sqlite", version: "3.53.2", license: "blessing", purl: "pkg:generic/sqlite@3.53.2", texts: [] },
];

Deno.test("cycloneDx() writes a bill that the schema of CycloneDX 1.6 has nothing against", async () => {
  const text = cycloneDx(product, components);
  await assertGolden(text, "bill.cdx.json");
  assert.deepEqual(await objections(JSON.parse(text)), []);
});

Deno.test("the schema would object to a licence that is none", async () => {
  const bill = JSON.parse(cycloneDx(product, [{ ...components[2]!, license: "Nothing-1.0" }]));
  assert.ok((await objections(bill)).length > 0);
});

Deno.test("cycloneDx() writes the same text for the same program", () => {
  assert.equal(cycloneDx(product, components), cycloneDx(product, components));
});
