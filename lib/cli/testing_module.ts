import type { Plugin } from "../plugin/contract.ts";

/** Where "capstan/testing" is: a file of the sources, or one that the executable carries. */
export const TESTING = new URL("../testing/mod.ts", import.meta.url);

/** The suite that every plugin must pass; loaded where it is wanted alone. */
export async function testingModule(): Promise<{ testPlugin(plugin: Plugin): void }> {
  return await import(TESTING.href);
}
