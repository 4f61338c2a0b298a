import type { CliCommand } from "./command.ts";

const NAME = /^[a-z][a-z0-9_]*$/;

/** `capstan plugins new NAME` */
export const pluginsNew: CliCommand = {
  path: "plugins new",
  doc: "Make a plugin of your own: module, test, README and types for editors",
  more: "The folder must not be there yet, or be empty.",
  args: [{ name: "<name>", doc: "its name: lower-case letters, digits and _" }],
  options: [{ flags: "--dir <dir>", doc: "the folder to make (default: one of its name here)" }],
  examples: ["capstan plugins new tokens", "capstan plugins new tokens --dir ~/plugins/tokens"],
  async run({ args: [name = ""], options, globals, io, plugins }) {
    const { existsSync, readdirSync } = await import("node:fs");
    const { join, relative, resolve } = await import("node:path");
    const { UsageError } = await import("./exit.ts");
    const { authorFilesText, writeAuthorFiles } = await import("./author_files.ts");
    const { editorFiles } = await import("./editor_files.ts");
    const { pluginTemplate } = await import("./plugin_template.ts");
    if (!NAME.test(name)) {
      throw new UsageError(`Cannot make plugin ${JSON.stringify(name)}: a name is [a-z][a-z0-9_]*`);
    }
    if (plugins.some((plugin) => plugin.name === name)) {
      throw new UsageError(`Cannot make plugin ${name}: one of this name is built in; choose another`);
    }
    const { commandsFor } = await import("./commands.ts");
    const { commands } = await commandsFor([name], plugins);
    if (commands.some(({ path }) => path.split(" ")[0] === name)) {
      throw new UsageError(`Cannot make plugin ${name}: there is a command of this name; choose another`);
    }
    const folder = resolve(io.cwd, typeof options.dir === "string" ? options.dir : name);
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new Error(`Cannot make plugin ${name}: ${folder} is not empty; choose another --dir`);
    }
    const typed = relative(io.cwd, folder);
    const shown = typed.startsWith("..") ? folder : `./${typed}`;
    const module = await moduleSetting(folder, { configDir: globals.configDir, cwd: io.cwd, env: io.env });
    const template = pluginTemplate({ name, module, typed: shown });
    const files = [
      ...Object.entries(template).map(([file, text]) => ({
        path: join(folder, file),
        text,
        change: "new" as const,
      })),
      ...await editorFiles(folder),
    ];
    await writeAuthorFiles(files);
    const { moduleText } = await import("../config/external.ts");
    const { recordTrust, trustFolder } = await import("../config/trust.ts");
    const written = join(folder, "mod.ts");
    if (trustFolder(io.env) !== undefined) recordTrust(written, moduleText(written), io.env);
    await io.stdout.write(
      `${authorFilesText(files)}in ${folder}\n\ntest it:           capstan plugins test ${shown}\n` +
        `into config.toml:  [plugins.${name}]\n                   module = "${module}"\n` +
        `and start:         capstan run\n`,
    );
  },
};

/**
 * The module as the configuration that counts here names it: from its folder, or whole where that is far. Where there
 * is none yet, `capstan init` would make it here.
 */
async function moduleSetting(
  folder: string,
  at: { configDir: string | undefined; cwd: string; env: Readonly<Record<string, string>> },
): Promise<string> {
  const { dirname, join, relative } = await import("node:path");
  const base = await configFolder(at) ?? join(at.cwd, ".capstan");
  if (relative(dirname(base), folder).startsWith("..")) return folder;
  const path = relative(base, folder).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

async function configFolder(
  at: { configDir: string | undefined; cwd: string; env: Readonly<Record<string, string>> },
): Promise<string | undefined> {
  const { find } = await import("../config/locate.ts");
  const { ConfigError } = await import("../config/problem.ts");
  try {
    const { dir, origin, text } = find(at);
    return origin === "home" && text === undefined ? undefined : dir;
  } catch (error) {
    if (error instanceof ConfigError) return undefined; // it can't be read: for the agent's start to say
    throw error;
  }
}
