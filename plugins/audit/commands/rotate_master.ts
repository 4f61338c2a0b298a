import type { PluginCommand } from "capstan";
import type { MasterKeyPlace } from "../seal/master_keys.ts";
import { rotateMaster } from "../seal/rotate_master.ts";

/** `capstan audit rotate-master`. */
export function rotateMasterCommand(place: MasterKeyPlace): PluginCommand {
  return {
    path: "audit rotate-master",
    doc: "Wrap all keys of the trail under a new master key; fingerprints and records stay as they are.",
    examples: ["capstan audit rotate-master"],
    async run({ store, stdout, stderr }) {
      const { master, keys, where } = await rotateMaster(store, place);
      await stdout.write(`${master}\n`);
      await stderr.write(`${keys} keys are wrapped under master key ${master} of ${where}\n`);
    },
  };
}
