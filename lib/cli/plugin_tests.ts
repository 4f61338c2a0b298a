import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The tests of a plugin: those beside the folder's module; of another file those that bear its name. */
export function testsOf(module: string): string[] {
  const folder = dirname(module);
  const name = basename(module).replace(/\.[^.]+$/, "");
  if (name !== "mod" && name !== "index") {
    return [join(folder, `${name}_test.ts`)].filter(existsSync);
  }
  return [...Deno.readDirSync(folder)].filter((each) => each.isFile && each.name.endsWith("_test.ts"))
    .map((each) => join(folder, each.name)).sort();
}
