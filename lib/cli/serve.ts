import type { CliCommand } from "./command.ts";
import { RELOADS, RUN_OPTIONS, runAgent } from "./run.ts";

/** `capstan serve` */
export const serve: CliCommand = {
  path: "serve",
  doc: "Start proxy and HTTP API alone, as tapes does",
  more: `The same as \`run\` with the tapes plugin only. ${RELOADS}`,
  reloads: true,
  options: RUN_OPTIONS,
  settings: (key) =>
    !key.startsWith("publisher.") && (!key.startsWith("plugins.") || key.startsWith("plugins.tapes.")) &&
    key !== "plugins.tapes.enabled",
  examples: ["capstan serve --provider openai -u https://api.openai.com"],
  run: (call) => runAgent(call, { only: (plugin) => plugin.name === "tapes" }),
};
