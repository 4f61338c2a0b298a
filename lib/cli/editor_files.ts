import { join } from "node:path";
import { pluginTypes } from "../plugin/plugin_types.ts";
import { testingTypes } from "./testing_types.ts";
import { type AuthorFile, authorFile } from "./author_files.ts";
import { DECLARATIONS, editorConfig } from "./editor_config.ts";

/** They are made: neither a formatter nor a linter has a say. */
const MADE = "// deno-fmt-ignore-file\n// deno-lint-ignore-file\n";

/**
 * What an editor needs beside a plugin: the declarations, and a deno.json that maps the names to them. One that is
 * there gets the two names added, and loses nothing; names it maps already are left alone.
 * @throws {Error} there is a deno.json that is no JSON.
 */
export async function editorFiles(folder: string): Promise<AuthorFile[]> {
  const config = await editorConfig(folder);
  return [
    await authorFile(join(folder, DECLARATIONS["capstan"]), MADE + await pluginTypes()),
    await authorFile(join(folder, DECLARATIONS["capstan/testing"]), MADE + await testingTypes()),
    config,
  ];
}
