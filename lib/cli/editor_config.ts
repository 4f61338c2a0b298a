import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { applyEdits, modify, parse, type ParseError, printParseErrorCode } from "jsonc-parser";
import { type AuthorFile, authorFile } from "./author_files.ts";

/** Files of declarations beside a plugin, by the name they stand for. */
export const DECLARATIONS = {
  "capstan": "./capstan.d.ts",
  "capstan/testing": "./capstan_testing.d.ts",
} as const;

/**
 * The folder's deno.json (or deno.jsonc) with the names of ours mapped. Names that are mapped already stay as they are;
 * comments and order are kept.
 * @throws {Error} it is no JSON, or its "imports" no object.
 */
export async function editorConfig(folder: string): Promise<AuthorFile> {
  const path = ["deno.json", "deno.jsonc"].map((name) => join(folder, name)).find(existsSync) ??
    join(folder, "deno.json");
  const before = existsSync(path) ? await readFile(path, "utf8") : "";
  const { imports } = readConfig(before, path);
  const missing = Object.entries(DECLARATIONS).filter(([name]) => !Object.hasOwn(imports, name));
  const text = missing.reduce((text, [name, file]) => {
    const edits = modify(text, ["imports", name], file, { formattingOptions: formatOf(before) });
    return applyEdits(text, edits);
  }, before);
  const others = Object.entries(DECLARATIONS).filter(([name, file]) => (imports[name] ?? file) !== file)
    .map(([name]) => `"${name}" stays mapped to ${JSON.stringify(imports[name])}`);
  const file = await authorFile(path, before === "" ? `${text}\n` : text, before);
  return others.length > 0 ? { ...file, remark: others.join(", ") } : file;
}

function readConfig(text: string, path: string): { imports: Record<string, unknown> } {
  if (text.trim() === "") return { imports: {} };
  const errors: ParseError[] = [];
  const config: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split("\n").length;
    throw new Error(
      `Cannot add to ${path}: line ${line} is no JSON (${printParseErrorCode(first.error)}); correct it`,
    );
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new Error(`Cannot add to ${path}: it is no JSON object; correct it`);
  }
  if ("importMap" in config) {
    const names = Object.entries(DECLARATIONS).map(([name, file]) => `"${name}": "${file}"`);
    throw new Error(
      `Cannot add to ${path}: it has an import map of its own, ${config.importMap}; add there: ${
        names.join(", ")
      }`,
    );
  }
  const imports: unknown = "imports" in config ? config.imports : {};
  if (typeof imports !== "object" || imports === null || Array.isArray(imports)) {
    throw new Error(`Cannot add to ${path}: its "imports" is no JSON object; correct it`);
  }
  return { imports: { ...imports } };
}

/** Indentation and line ends as the file has them. */
function formatOf(text: string): { insertSpaces: boolean; tabSize: number; eol: string } {
  const indent = /^[ \t]+/m.exec(text)?.[0] ?? "  ";
  return {
    insertSpaces: !indent.includes("\t"),
    tabSize: indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}
