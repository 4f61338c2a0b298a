import { callAgent } from "../access/call_agent.ts";
import { openStore } from "../store/open_store.ts";
import type { CommandCall, PluginCommand } from "./contract.ts";
import { pluginStore } from "./context.ts";
import type { CommandInput } from "./host_contract.ts";
import { ProgressLine } from "./progress_line.ts";

/** Whether a command says that it works without the agent's file when it is called so. */
export function worksWithoutFile({ withoutFile = [] }: PluginCommand, { options }: CommandInput): boolean {
  return withoutFile === true || withoutFile.some((flag) => options[flag] !== undefined);
}

/** What a command is given that works without the agent's file: all but the store, the log and erasure. */
export function filelessCall(
  plugin: string,
  input: CommandInput,
  { storeFile, token }: { storeFile: string; token?: string },
): CommandCall {
  const refuse = (what: string) =>
    new Error(`Cannot ${what} for ${plugin}: this command said that it works without the file`);
  return {
    ...input,
    store: pluginStore(plugin, {}),
    publish: () => Promise.reject(refuse("publish")),
    commit: () => Promise.reject(refuse("commit")),
    records: (topic) => {
      throw refuse(`read ${topic}`);
    },
    openFile: async (path) => {
      const store = await openStore({ file: path, readOnly: true });
      return { read: (work) => store.read(work), [Symbol.asyncDispose]: () => store.close() };
    },
    erase: () => Promise.reject(refuse("erase")),
    progress: () => new ProgressLine(input.stderr),
    admin: (path, init) => callAgent({ storeFile, path, init, token }),
  };
}
