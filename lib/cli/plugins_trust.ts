import type { CliCommand } from "./command.ts";

/** `capstan plugins trust PATH` */
export const pluginsTrust: CliCommand = {
  path: "plugins trust",
  doc: "Trust a plugin's module as it is now",
  more:
    "A plugin runs with all the rights of this program, so one that a configuration in the working directory names is\n" +
    "loaded only after you have looked at it. When the module changes, it must be trusted again. What it imports is\n" +
    "not looked at. Configurations told by --config-dir or in your home need no such trust.",
  args: [{ name: "<path>", doc: "the module's file, or its folder" }],
  options: [{ flags: "--revoke", doc: "trust it no more" }],
  examples: ["capstan plugins trust ./plugins/print.ts"],
  async run({ args: [path = ""], io, options }) {
    const { resolve } = await import("node:path");
    const { moduleFile } = await import("../plugin/load_plugin.ts");
    const { moduleText } = await import("../config/external.ts");
    const { recordTrust, revokeTrust } = await import("../config/trust.ts");
    const file = await moduleFile(resolve(io.cwd, path));
    if (options.revoke === true) {
      revokeTrust(file, io.env);
      await io.stdout.write(`${file} is no longer trusted\n`);
      return;
    }
    recordTrust(file, moduleText(file), io.env);
    await io.stdout.write(`${file} is trusted as it is now\n`);
  },
};
