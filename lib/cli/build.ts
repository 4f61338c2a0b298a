import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { readJson } from "../json/read_json.ts";
import { gitCommit } from "./git_commit.ts";

/** Capstan's own version, as in deno.json. */
export const VERSION: string = manifest.version;

/** What the program was made from. */
export interface Build {
  /** The commit's hash, with `-dirty` behind it where files differed from it; `unknown` outside of a clone. */
  readonly commit: string;
  /** Day of that commit: `2026-11-21`. Absent where the program runs from its sources. */
  readonly date?: string;
}

/** The name of the file in which the executable carries it. */
export const BUILD_FILE = "build.json";

/** What the executable carries; run from its sources the program looks at the clone it is in. */
export async function build(): Promise<Build> {
  const carried = await readFile(new URL(`./${BUILD_FILE}`, import.meta.url), "utf8").catch(() => undefined);
  if (carried !== undefined) return readJson(carried);
  return { commit: await gitCommit(fileURLToPath(new URL("../../", import.meta.url))) ?? "unknown" };
}
