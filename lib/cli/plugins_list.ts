import type { Plugin } from "../plugin/contract.ts";
import type { CliCommand, Invocation } from "./command.ts";
import { EXIT } from "./exit.ts";
import { printable } from "./printable.ts";
import { styleFor } from "./style.ts";
import { table } from "./table.ts";

/** One plugin as `plugins list` says it. */
interface Listed {
  name: string;
  /** `built in`, or the module's path. */
  from: string;
  state: "enabled" | "disabled" | "failed";
  topics: string[];
  /** Topics it reads, with the group. */
  streams: string[];
  settings: string[];
  commands: string[];
  error?: string;
}

/** `capstan plugins list` */
export const pluginsList: CliCommand = {
  path: "plugins list",
  doc: "List the plugins: built in, and those the configuration loads",
  options: [{ flags: "-j, --json", doc: "as JSON" }],
  examples: ["capstan plugins list", "capstan plugins list --json | jq -r '.[].topics[]'"],
  async run(call) {
    const { externalPlugins } = await import("./external_plugins.ts");
    const { externalModules } = await import("../config/external.ts");
    const { locate } = await import("../config/locate.ts");
    const { io, globals } = call;
    const located = locate({ configDir: globals.configDir, cwd: io.cwd, env: io.env });
    const modules = externalModules(located, io.env, io.cwd);
    const { plugins, failed, disabled } = await externalPlugins({
      argv: globals.configDir === undefined ? [] : ["--config-dir", globals.configDir],
      builtIn: call.plugins.map(({ name }) => name),
      io,
    });
    const from = (name: string) => modules.find((each) => each.name === name)?.module ?? "built in";
    const all = [...call.plugins, ...plugins];
    const unloaded = [...failed.map(({ name }) => name), ...disabled];
    const known = await described({ ...call, plugins: all, unloaded });
    const listed: Listed[] = [
      ...all.map((plugin) => known(plugin, from(plugin.name))),
      ...disabled.map((name) => unknown(name, from(name), "disabled")),
      ...failed.map(({ name, error }) => ({ ...unknown(name, from(name), "failed"), error: error.message })),
    ];
    await io.stdout.write(
      call.options.json === true ? `${JSON.stringify(listed, null, 2)}\n` : pluginsText(listed),
    );
    const faulty = listed.filter(({ error }) => error !== undefined);
    for (const { error = "" } of faulty) {
      await io.stderr.write(`${styleFor(io.stderr).red("failed:")} ${printable(error)}\n`);
    }
    const optional = new Set(failed.filter((each) => each.optional).map(({ name }) => name));
    return faulty.some(({ name }) => !optional.has(name)) ? EXIT.failed : EXIT.ok;
  },
};

async function described(call: Invocation): Promise<(plugin: Plugin, from: string) => Listed> {
  const { loadConfiguration } = await import("./configuration.ts");
  const { describePlugin } = await import("../plugin/describe_plugin.ts");
  const config = await loadConfiguration(call);
  return (plugin, from) => {
    const { enabled, settings } = config.plugin(plugin.name);
    try {
      const description = describePlugin(plugin, settings);
      return { name: plugin.name, from, state: enabled ? "enabled" : "disabled", ...description };
    } catch (error) {
      const { message } = error instanceof Error ? error : new Error(String(error));
      return { ...unknown(plugin.name, from, "failed"), error: message };
    }
  };
}

function unknown(name: string, from: string, state: "disabled" | "failed"): Listed {
  return { name, from, state, topics: [], streams: [], settings: [], commands: [] };
}

/** The plugins for a person: a line each, and below it what it registers, in lines of 80 columns. */
export function pluginsText(listed: readonly Listed[]): string {
  const heads = table(listed.map(({ name, state, from }) => [name, state, from])).split("\n");
  return listed.map(({ topics, streams, commands }, at) => {
    const further = [["topics", topics], ["reads", streams], ["commands", commands]] as const;
    const lines = further.flatMap(([label, names]) => names.length === 0 ? [] : wrapped(label, names));
    return [heads[at] ?? "", ...lines].map((line) => `${line}\n`).join("");
  }).join("");
}

const WIDTH = 80;
const INDENT = 12;

/** Names with commas, on as many lines as they need, below one another. */
function wrapped(label: string, names: readonly string[]): string[] {
  const lines: string[] = [];
  let line = `  ${label}`.padEnd(INDENT);
  names.forEach((name, at) => {
    const part = at < names.length - 1 ? `${name},` : name;
    if (line.length > INDENT && line.length + 1 + part.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(INDENT);
    }
    line += line.length > INDENT ? ` ${part}` : part;
  });
  return [...lines, line];
}
