import type { CliCommand } from "./command.ts";
import { loadConfiguration } from "./configuration.ts";

/** `capstan config check` */
export const configCheck: CliCommand = {
  path: "config check",
  doc: "Check the configuration; ends with 78 where something is wrong with it",
  examples: ["capstan config check --config-dir /etc/capstan"],
  async run(call) {
    const config = await loadConfiguration(call);
    const [failed] = call.failed;
    if (failed) throw failed.error;
    const { existsSync } = await import("node:fs");
    const what = existsSync(config.file) ? config.file : `${config.file} does not exist; the defaults`;
    await call.io.stdout.write(`${what}: fine\n`);
  },
};
