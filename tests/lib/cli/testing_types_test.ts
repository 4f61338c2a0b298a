import assert from "node:assert/strict";
import { testingTypes } from "../../../lib/cli/testing_types.ts";

Deno.test("the types of capstan/testing are what a plugin's test needs, and no code", async () => {
  const types = await testingTypes();
  assert.match(types, /^import type \{\n( {2}\w+,\n)* {2}Plugin,\n( {2}\w+,\n)*\} from "capstan";$/m);
  assert.match(types, /^export interface PluginSuiteOptions \{$/m);
  assert.match(
    types,
    /^export declare function testPlugin\(plugin: Plugin, options\?: PluginSuiteOptions\): void;$/m,
  );
  assert.match(types, /^export interface TestAgent extends AsyncDisposable \{$/m);
  assert.match(
    types,
    /^export declare function openTestAgent\(plugin: Plugin, options\?: TestAgentOptions\): Promise<TestAgent>;$/m,
  );
  assert.doesNotMatch(types, /assert|createHost|withHost/);
});
