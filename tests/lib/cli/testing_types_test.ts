import assert from "node:assert/strict";
import { testingTypes } from "../../../lib/cli/testing_types.ts";

Deno.test("the types of capstan/testing are what a plugin's test needs, and no code", async () => {
  const types = await testingTypes();
  assert.match(types, /import type \{ Plugin \} from "capstan";/);
  assert.match(types, /^export interface PluginSuiteOptions \{$/m);
  assert.match(
    types,
    /^export declare function testPlugin\(plugin: Plugin, options\?: PluginSuiteOptions\): void;$/m,
  );
  assert.doesNotMatch(types, /assert|createHost|withHost/);
});
