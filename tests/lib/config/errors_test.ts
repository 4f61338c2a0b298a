import assert from "node:assert/strict";
import type { FlagValue } from "../../../lib/config/flags.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { ConfigError } from "../../../lib/config/problem.ts";
import { locatedText, recorder } from "./plugins.ts";

const golden = new URL("./golden/", import.meta.url);

/** Flags and environment of a case, beside its config.toml. */
interface Given {
  env?: Record<string, string>;
  flags?: FlagValue[];
}

for (const { name } of Deno.readDirSync(golden)) {
  Deno.test(`loadConfig() says all that is wrong with golden/${name}`, () => {
    const folder = new URL(`${name}/`, golden);
    const located = locatedText(Deno.readTextFileSync(new URL("config.toml", folder)));
    const { env = {}, flags = [] } = givenIn(folder);
    assert.throws(() => loadConfig({ plugins: [recorder], located, env, flags, cwd: "/work" }), (error) => {
      assert.ok(error instanceof ConfigError);
      const expected = new URL("expected.txt", folder);
      // Set UPDATE_GOLDEN to write the texts anew, then read the difference.
      if (Deno.env.has("UPDATE_GOLDEN")) Deno.writeTextFileSync(expected, `${error.message}\n`);
      assert.equal(`${error.message}\n`, Deno.readTextFileSync(expected));
      return true;
    });
  });
}

function givenIn(folder: URL): Given {
  const file = new URL("given.json", folder);
  try {
    return JSON.parse(Deno.readTextFileSync(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
