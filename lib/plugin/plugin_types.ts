import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** The contract's files: types alone, so that their text is their declaration. What they import is among them. */
const SOURCES = [
  "contract.ts",
  "../bus/handler.ts",
  "../bus/contract.ts",
  "../bus/redaction.ts",
  "../store/contract.ts",
  "../config/schema.ts",
  "../telemetry/logger.ts",
  "../telemetry/metrics.ts",
  "../access/caller.ts",
  "../telemetry/health.ts",
] as const;

const HEAD =
  `// What a plugin imports from "capstan", for editors. Made by \`capstan plugins types\`; don't edit.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
`;

/**
 * Everything a plugin imports from "capstan" as one declaration file without imports of ours. The executable carries it;
 * run from its sources the program makes it of them.
 */
export async function pluginTypes(): Promise<string> {
  const carried = new URL("./capstan.d.ts", import.meta.url);
  if (existsSync(carried)) return await readFile(carried, "utf8");
  const parts = await Promise.all(
    SOURCES.map(async (path) => declarations(await readFile(new URL(path, import.meta.url), "utf8"))),
  );
  return `${HEAD}\n${parts.join("\n\n")}\n`;
}

function declarations(source: string): string {
  return source
    .replace(/^import [\s\S]*?;\n/gm, "")
    .replace(/^export (type )?\{[^}]*\} from [^;]*;\n/gm, "")
    // The one class among them is known by its name; a plugin has no code of ours.
    .replace(/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\nexport class FencedError[\s\S]*?\n\}\n/, "")
    .trim();
}
