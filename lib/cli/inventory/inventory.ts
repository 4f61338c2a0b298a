import { readFile } from "node:fs/promises";
import { readJson } from "../../json/read_json.ts";
import { type Component, sorted } from "./component.ts";
import { runtimeComponents } from "./runtime_components.ts";

/** The name of the file in which the executable carries the packages that it was made of. */
export const PACKAGES_FILE = "packages.json";

/**
 * Everything of others in this program: the packages and the run-time. The executable carries the list of its packages;
 * run from its sources the program asks for what its modules may load.
 */
export async function inventory(): Promise<readonly Component[]> {
  const carried = await readFile(new URL(`./${PACKAGES_FILE}`, import.meta.url), "utf8").catch(() =>
    undefined
  );
  if (carried !== undefined) return sorted([...readJson<Component[]>(carried), ...runtimeComponents()]);
  const { sourcePackages } = await import("./source_packages.ts");
  return sorted([...await sourcePackages(), ...runtimeComponents()]);
}
