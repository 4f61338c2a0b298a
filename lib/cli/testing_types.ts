import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { TESTING } from "./testing_module.ts";

/** Types alone, so that the text is its declaration. What is imported there is in "capstan". */
const CONTRACT = "test_agent_contract.ts";
/** What else is exported: interfaces, and functions without their bodies. */
const CODE = ["plugin_suite.ts", "test_agent.ts"] as const;

/**
 * What a plugin's tests import from "capstan/testing" as one declaration file. The executable carries it; run from its
 * sources the program makes it of them. (Suites for drivers of a bus are for programs, which have the sources.)
 */
export async function testingTypes(): Promise<string> {
  const carried = new URL("./capstan_testing.d.ts", import.meta.url);
  if (existsSync(carried)) return await readFile(carried, "utf8");
  const text = (file: string) => readFile(new URL(file, TESTING), "utf8");
  const contract = await text(CONTRACT);
  const parts = [
    `// What a plugin's tests import from "capstan/testing", for editors. Made by \`capstan plugins types\`; don't edit.`,
    `import type {\n${imported(contract).map((name) => `  ${name},\n`).join("")}} from ${
      JSON.stringify("capstan")
    };`,
    contract.replace(IMPORTS, "").trim(),
    ...(await Promise.all(CODE.map(text))).map(declarations),
  ];
  return `${parts.join("\n\n")}\n`;
}

const IMPORTS = /^import type \{([^}]*)\} from [^;]*;\n/gm;

/** Names a file of types imports, each once. */
function imported(source: string): string[] {
  const names = [...source.matchAll(IMPORTS)].flatMap(([, list = ""]) => list.split(","));
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ""))].sort();
}

/** The exported interfaces, and the exported functions without their bodies; each with its description. */
function declarations(source: string): string {
  const found = source.matchAll(
    /^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\nexport (?:interface [\s\S]*?\n\}|(?:async )?function ([\s\S]*?)\): [\w<>]+ \{)$/gm,
  );
  return [...found].map(([text, head]) =>
    head === undefined
      ? text
      : text.replace(/export (async )?function/, "export declare function").replace(/ = \{\}\)/, ")")
        .replace(/(\w+): (\w+Options)\)/, "$1?: $2)").replace(/ \{$/, ";")
  ).join("\n\n");
}
