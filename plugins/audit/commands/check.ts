import { readFile } from "node:fs/promises";
import type { PluginCommand } from "capstan";
import { readJson } from "capstan/json";
import { checkProof, type ProofResult } from "../verify/check_proof.ts";
import { keysOf } from "./key_options.ts";
import { UsageError, withUsage } from "./usage_error.ts";

/** `capstan audit check PROOF`. */
export const checkCommand: PluginCommand = {
  path: "audit check",
  args: [{ name: "<proof>", doc: "A file that audit prove wrote." }],
  doc: "Check a proof with the public key alone, without the trail.",
  options: [
    { flags: "--key <key...>", doc: "Public key, name+id+base64, or a file of them." },
    { flags: "--json", doc: "The result as JSON." },
  ],
  examples: ["capstan audit check proof.json --key trail.vkey"],
  withoutFile: true,
  run: ({ args: [path = ""], options, stdout, stderr }) =>
    withUsage(stderr, async () => {
      const keys = await keysOf(options.key);
      const text = await readFile(path, "utf8").catch((cause: unknown) => {
        throw new UsageError(`Cannot check ${path}: it can't be read; give a file that audit prove wrote`, {
          cause,
        });
      });
      const { holds, why } = check(text, keys);
      const said = options.json
        ? JSON.stringify({ holds, why })
        : holds
        ? `Holds: ${why}.`
        : `DOES NOT HOLD: ${why}.`;
      await stdout.write(`${said}\n`);
      return holds ? 0 : 1;
    }),
};

function check(text: string, keys: Parameters<typeof checkProof>[1]): ProofResult {
  try {
    return checkProof(readJson(text), keys);
  } catch (error) {
    if (error instanceof SyntaxError) return { holds: false, why: "it is no JSON" };
    throw error;
  }
}
