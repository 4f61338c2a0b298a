import type { CliCommand } from "./command.ts";

/** `capstan trust [PATH]` */
export const trust: CliCommand = {
  path: "trust",
  doc: "Trust a folder's configuration as it is now",
  more:
    "A configuration can send your keys elsewhere and load code, so one that lies in the working directory counts\n" +
    "only after you have looked at it. When its config.toml changes, it must be trusted again.",
  args: [{
    name: "[path]",
    doc: "folder with config.toml, or one that holds .capstan or .tapes; default: the one found from here",
  }],
  options: [{ flags: "--revoke", doc: "trust it no more" }],
  examples: ["capstan trust", "capstan trust ./service/.capstan"],
  async run(call) {
    const { find } = await import("../config/locate.ts");
    const { recordTrust, revokeTrust } = await import("../config/trust.ts");
    const { existsSync } = await import("node:fs");
    const { join, resolve } = await import("node:path");
    const { args: [path], io, globals } = call;
    const configDir = path === undefined ? globals.configDir : folderOf(resolve(io.cwd, path));
    const located = find({ configDir, cwd: io.cwd, env: io.env });
    if (!existsSync(located.dir)) {
      throw new Error(
        `Cannot trust ${located.dir}: there is no such folder; \`capstan init\` makes one here`,
      );
    }
    if (call.options.revoke === true) {
      revokeTrust(located.dir, io.env);
      await io.stdout.write(`${located.dir} is no longer trusted\n`);
      return;
    }
    recordTrust(located.dir, located.text, io.env);
    const what = located.text === undefined ? "it has no config.toml yet" : "as its config.toml is now";
    await io.stdout.write(`${located.dir} is trusted, ${what}\n`);

    function folderOf(given: string): string {
      if (existsSync(join(given, "config.toml"))) return given;
      return [".capstan", ".tapes"].map((name) => join(given, name)).find((dir) => existsSync(dir)) ?? given;
    }
  },
};
