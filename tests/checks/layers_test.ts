import assert from "node:assert/strict";
import { findImports, importsOf, sources } from "./imports.ts";
import { offence } from "./layers.ts";

Deno.test("every import keeps to the layers", async () => {
  const broken: string[] = [];
  for (const path of await sources()) {
    for (const one of await importsOf(path)) {
      const why = offence(one);
      if (why) broken.push(`${one.from} imports ${one.to}: ${why}`);
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("a plugin that imports lib, another plugin or SQLite is found", () => {
  const text = [
    'import { a } from "../../lib/store/store.ts";',
    'import type { b } from "../audit/mod.ts";',
    'export { c } from "node:sqlite";',
    'const d = await import("@platformatic/kafka");',
    'import type { Plugin } from "capstan";',
  ].join("\n");
  assert.deepEqual(findImports("plugins/tapes/mod.ts", text).map(offence), [
    "a plugin imports the public API, packages and itself",
    "a plugin imports the public API, packages and itself",
    "node:sqlite belongs to lib/store",
    undefined,
    "@platformatic/kafka belongs to lib/bus/kafka",
  ]);
});

Deno.test("a room of lib that reaches up is found", () => {
  assert.equal(
    offence({ from: "lib/store/store.ts", to: "lib/bus/local/local_bus.ts" }),
    "lib/store may not import lib/bus",
  );
  assert.equal(offence({ from: "lib/bus/bus.ts", to: "mod.ts" }), "lib never imports plugins, mod or tests");
  assert.equal(offence({ from: "lib/bus/bus.ts", to: "lib/telemetry/logger.ts" }), undefined);
});
