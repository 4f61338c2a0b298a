import { readJson } from "../json/read_json.ts";
import type { PluginOutcome, ReloadAnswer } from "../plugin/host_contract.ts";
import type { CliCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { type Style, styleFor } from "./style.ts";

/** `capstan reload` */
export const reload: CliCommand = {
  path: "reload",
  doc: "Let the running agent read configuration and plugins again",
  more:
    "The same as SIGHUP, and says what came of it. Ends with 78 where the configuration is refused, and with 1\n" +
    "where a plugin could not be changed; the agent goes on with what it had.",
  options: [{ flags: "-j, --json", doc: "as JSON" }],
  examples: ["capstan reload", "capstan reload --json | jq .waiting"],
  async run(call) {
    const { callAgent } = await import("../access/call_agent.ts");
    const { loadConfiguration } = await import("./configuration.ts");
    const { io, options, signal } = call;
    const { host: { store, admin } } = await loadConfiguration(call);
    const response = await callAgent({
      storeFile: store.sqlite,
      token: admin.token,
      path: "/admin/reload",
      init: { method: "POST", signal },
    });
    if (!response.ok) {
      throw new Error(`Cannot reload: the agent answers ${response.status}: ${await response.text()}`);
    }
    const answer: ReloadAnswer = readJson(await response.text());
    await io.stdout.write(
      options.json === true
        ? `${JSON.stringify(answer, null, 2)}\n`
        : reloadText(answer, styleFor(io.stdout)),
    );
    if (answer.refused !== undefined) return EXIT.config;
    return answer.plugins.some(hasFailed) ? EXIT.failed : EXIT.ok;
  },
};

/** What came of it, for a person. */
export function reloadText({ refused, plugins, applied, waiting }: ReloadAnswer, style: Style): string {
  if (refused !== undefined) {
    return `${style.red("refused")}; the agent goes on with the configuration it has\n${refused}\n`;
  }
  const lines = plugins.map((each) => `plugin ${each.plugin}: ${outcomeText(each, style)}\n`);
  if (applied.length > 0) lines.push(`changed: ${applied.join(", ")}\n`);
  if (waiting.length > 0) {
    lines.push(`${style.yellow("waits for a restart of the agent")}: ${waiting.join(", ")}\n`);
  }
  return lines.length === 0 ? "nothing has changed\n" : lines.join("");
}

function outcomeText(each: PluginOutcome, style: Style): string {
  if (!hasFailed(each)) return each.outcome;
  const what = each.outcome === "kept" ? "goes on as it was" : "does not run";
  return `${style.red(what)}; ${each.error}`;
}

function hasFailed({ outcome }: PluginOutcome): boolean {
  return outcome === "kept" || outcome === "down";
}
