import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pluginTypes } from "../plugin/plugin_types.ts";
import { testingTypes } from "./testing_types.ts";
import { importsWith, packagesFlag } from "./plugin_imports.ts";
import { workFolder } from "./work_folder.ts";

/** What is to be checked. */
export interface TypeCheck {
  /** Path of a deno command. */
  deno: string;
  /** The plugin's folder, absolute; its deno.json counts. */
  folder: string;
  /** Modules and tests, absolute. */
  files: readonly string[];
  /** Ends the check. */
  signal: AbortSignal;
}

/** Checks the types of files. Gives what is wrong with them; `undefined` where they are right. */
export async function typeProblems(
  { deno, folder, files, signal }: TypeCheck,
): Promise<string | undefined> {
  await using work = await workFolder();
  const ours = { "capstan": "capstan.d.ts", "capstan/testing": "capstan_testing.d.ts" };
  await Deno.writeTextFile(join(work.path, ours.capstan), await pluginTypes());
  if (files.some((file) => file.endsWith("_test.ts"))) {
    await Deno.writeTextFile(join(work.path, ours["capstan/testing"]), await testingTypes());
  }
  const base = pathToFileURL(`${work.path}/`);
  const map = await importsWith(
    folder,
    Object.fromEntries(Object.entries(ours).map(([name, file]) => [name, new URL(file, base).href])),
  );
  await Deno.writeTextFile(join(work.path, "map.json"), JSON.stringify(map));
  const { success, stderr } = await new Deno.Command(deno, {
    args: [
      "check",
      "--quiet",
      "--no-lock",
      packagesFlag(folder),
      "--import-map",
      join(work.path, "map.json"),
      ...files,
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal,
  }).output();
  signal.throwIfAborted();
  return success ? undefined : said(stderr);
}

function said(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).split("\n\nStack backtrace:")[0]?.trim() ?? "";
}
