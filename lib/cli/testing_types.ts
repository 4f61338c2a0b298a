import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { TESTING } from "./testing_module.ts";

const HEAD =
  `// What a plugin's tests import from "capstan/testing", for editors. Made by \`capstan plugins types\`; don't edit.
import type { Plugin } from ${JSON.stringify("capstan")};
`;

/**
 * What a plugin's tests import from "capstan/testing" as one declaration file. The executable carries it; run from its
 * sources the program makes it of them. (Suites for drivers of a bus are for programs, which have the sources.)
 */
export async function testingTypes(): Promise<string> {
  const carried = new URL("./capstan_testing.d.ts", import.meta.url);
  if (existsSync(carried)) return await readFile(carried, "utf8");
  return HEAD + "\n" +
    declarations(await readFile(new URL("plugin_suite.ts", TESTING), "utf8"));
}

/** The exported interfaces, and the exported functions without their bodies; each with its description. */
function declarations(source: string): string {
  const found = source.matchAll(
    /^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\nexport (?:interface [\s\S]*?\n\}|function ([\s\S]*?)\): \w+ \{)$/gm,
  );
  return [...found].map(([text, head]) =>
    head === undefined
      ? `${text}\n`
      : text.replace("export function", "export declare function").replace(/ = \{\}\)/, ")")
        .replace(/(\w+): (\w+Options)\)/, "$1?: $2)").replace(/ \{$/, ";\n")
  ).join("\n");
}
