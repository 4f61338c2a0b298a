import type { PluginCommand } from "capstan";
import { signerOf } from "../trail/writer.ts";

/** `capstan audit key`. */
export function keyCommand(): PluginCommand {
  return {
    path: "audit key",
    doc: "Print the public key that checkpoints are verified with, as C2SP has it: name+id+key.",
    examples: ["capstan audit key > trail.vkey"],
    async run({ store, stdout }) {
      const vkey = store.read(signerOf);
      if (vkey === undefined) {
        throw new Error(
          "Cannot print the key of the audit trail: it has none yet; start the agent with it once",
        );
      }
      await stdout.write(`${vkey}\n`);
    },
  };
}
