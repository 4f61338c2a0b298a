import assert from "node:assert/strict";
import { checkSchemas } from "../../../lib/config/check_schema.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import type { Setting } from "../../../lib/config/schema.ts";
import { locatedText, recorder } from "./plugins.ts";

const check = (key: string, setting: Setting) => checkSchemas([{ name: "mine", config: { [key]: setting } }]);

Deno.test("checkSchemas() finds nothing wrong with the host and a plugin", () => {
  assert.deepEqual(checkSchemas([recorder]), []);
});

Deno.test("checkSchemas() names what a plugin's author has to mend", () => {
  const doc = "A setting.";
  const cases: [string, Setting, string][] = [
    ["Key", { type: "string", doc }, "plugins.mine.Key must be snake_case"],
    ["enabled", { type: "string", doc }, "plugins.mine.enabled is a key of the agent's own"],
    ["key", { type: "string", doc: "" }, "plugins.mine.key has no doc"],
    [
      "key",
      { type: "integer", doc, default: 5, max: 3 },
      "the default of plugins.mine.key is the number 5; it must be a whole number of at most 3",
    ],
    [
      "key",
      { type: "string", doc, secret: true, default: "x" },
      "plugins.mine.key is secret, so it can have no default",
    ],
    ["key", { type: "string", doc, alias: "store.sqlite" }, "two settings go by store.sqlite"],
    ["key", { type: "string", doc, flag: "sqlite" }, "two settings have the flag --sqlite"],
    ["key", { type: "string", doc, short: "xy" }, "plugins.mine.key's short flag must be one letter"],
    [
      "key",
      { type: "string", doc, pattern: "(" },
      "the pattern of plugins.mine.key is no regular expression",
    ],
    [
      "key",
      { type: "duration", doc, max: "1 h" },
      "a bound of plugins.mine.key is no value of its type: 1 h",
    ],
    ["key", { type: "bytes", doc, min: "x" }, "a bound of plugins.mine.key is no value of its type: x"],
    [
      "key",
      { type: "tables", doc, fields: { inner: { type: "string", doc, flag: "inner" } } },
      "plugins.mine.key.NAME.inner has a name of the user's choice, so it can have no alias, flag or env",
    ],
  ];
  for (const [key, setting, problem] of cases) assert.deepEqual(check(key, setting), [problem]);
  assert.deepEqual(checkSchemas([{ name: "My-Plugin" }]), [
    'the plugin\'s name "My-Plugin" must be snake_case',
    "plugins.My-Plugin.enabled must be snake_case",
  ]);
  assert.ok(checkSchemas([{ name: "mine" }, { name: "mine" }]).includes("two plugins have the name mine"));
});

Deno.test("loadConfig() refuses a plugin whose schema is wrong", () => {
  const plugin = { name: "mine", config: { Key: { type: "string", doc: "A setting." } } } as const;
  assert.throws(
    () => loadConfig({ plugins: [plugin], located: locatedText(""), env: {}, cwd: "/" }),
    { name: "TypeError", message: "Cannot use a plugin's settings: plugins.mine.Key must be snake_case" },
  );
});
