import type { Plugin } from "../plugin/contract.ts";
import type { CliCommand } from "./command.ts";
import { complete } from "./completion/complete.ts";
import { completions } from "./completions.ts";
import { configCheck } from "./config_check.ts";
import { configGet } from "./config_get.ts";
import { configList } from "./config_list.ts";
import { configSchema } from "./config_schema.ts";
import { configSet } from "./config_set.ts";
import { configShow } from "./config_show.ts";
import { dlqList } from "./dlq_list.ts";
import { dlqPurge } from "./dlq_purge.ts";
import { dlqRedrive } from "./dlq_redrive.ts";
import { dlqShow } from "./dlq_show.ts";
import { groupsDescribe } from "./groups_describe.ts";
import { groupsList } from "./groups_list.ts";
import { init } from "./init.ts";
import { licenses } from "./licenses.ts";
import { man } from "./man.ts";
import { outboxDrain } from "./outbox_drain.ts";
import { outboxStatus } from "./outbox_status.ts";
import { pluginsCheck } from "./plugins_check.ts";
import { pluginsList } from "./plugins_list.ts";
import { pluginsNew } from "./plugins_new.ts";
import { pluginsTest } from "./plugins_test.ts";
import { pluginsTrust } from "./plugins_trust.ts";
import { pluginsTypes } from "./plugins_types.ts";
import { publish } from "./publish.ts";
import { redactDryRun } from "./redact_dry_run.ts";
import { redactScan } from "./redact_scan.ts";
import { reload } from "./reload.ts";
import { run } from "./run.ts";
import { serve } from "./serve.ts";
import { serveProxy } from "./serve_proxy.ts";
import { status } from "./status.ts";
import { tail } from "./tail.ts";
import { tokenAdd } from "./token_add.ts";
import { tokenList } from "./token_list.ts";
import { tokenRevoke } from "./token_revoke.ts";
import { topicsApply } from "./topics_apply.ts";
import { topicsList } from "./topics_list.ts";
import { topicsPlan } from "./topics_plan.ts";
import { trust } from "./trust.ts";
import type { LeftOut } from "./usable_plugins.ts";
import { version } from "./version.ts";

/** The program's own commands. */
export const ownCommands: readonly CliCommand[] = [
  run,
  serve,
  serveProxy,
  init,
  trust,
  status,
  reload,
  tail,
  publish,
  outboxStatus,
  outboxDrain,
  topicsList,
  topicsPlan,
  topicsApply,
  groupsList,
  groupsDescribe,
  dlqList,
  dlqShow,
  dlqRedrive,
  dlqPurge,
  redactDryRun,
  redactScan,
  tokenAdd,
  tokenList,
  tokenRevoke,
  configShow,
  configCheck,
  configGet,
  configSet,
  configList,
  configSchema,
  pluginsList,
  pluginsNew,
  pluginsCheck,
  pluginsTest,
  pluginsTypes,
  pluginsTrust,
  completions,
  complete,
  man,
  licenses,
  version,
];

/** First lines of `capstan --help`. */
export const rootDoc =
  "Records what AI agents and their models say to each other, and turns it into an event stream.";

/** Command lines under `capstan --help`. */
export const rootExamples: readonly string[] = [
  "capstan run                                    # start, with what is configured here",
  "capstan serve proxy --provider openai -u https://api.openai.com",
  "capstan log                                    # conversations, newest first",
  "capstan tail tapes.nodes.v1 --from-beginning   # events",
];

/** Docs of commands that only hold others. */
export const groups: Readonly<Record<string, string>> = {
  config: "Look at the configuration and change it",
  plugins: "Plugins: those there are, and your own",
  outbox: "Events on their way to Kafka",
  groups: "Consumer groups and how far they are",
  token: "Tokens of the admin listener, and what they may do",
  audit: "The trail of what was asked of which model by whom",
  hold: "Legal holds: records that are neither erased nor removed by age",
  insights: "Events made of recorded turns, and what people thought of them",
  dlq: "Dead letters: what streams could not handle",
  redact: "What is taken out of texts before they are stored",
  topics: "The topics that plugins declare, and those there are",
};

/** Commands, and the plugins whose commands can't be among them. */
export interface Commands {
  readonly commands: readonly CliCommand[];
  readonly leftOut: readonly LeftOut[];
}

/** Every command that may be meant by `argv`: what is costly to describe is left out where it is not. */
export async function commandsFor(argv: readonly string[], plugins: readonly Plugin[]): Promise<Commands> {
  const asked = argv[0] === "help" ? argv[1] : argv[0];
  const meant = (command: CliCommand) => command.path.split(" ")[0] === asked;
  const needsNone = asked === "--version" || asked === "-V" || ownCommands.some(meant);
  return await described(plugins, { meant, needsNone });
}

/** Every command with all its flags, for the manual and for completion. */
export async function allCommands(plugins: readonly Plugin[]): Promise<Commands> {
  return await described(plugins, { meant: () => true, needsNone: false });
}

async function described(
  plugins: readonly Plugin[],
  wanted: { meant(command: CliCommand): boolean; needsNone: boolean },
): Promise<Commands> {
  if (wanted.needsNone) {
    return { commands: await withSettings(ownCommands, plugins, wanted.meant), leftOut: [] };
  }
  const { usablePlugins } = await import("./usable_plugins.ts");
  const usable = usablePlugins(plugins, ownCommands);
  const own = await withSettings(ownCommands, usable.plugins, wanted.meant);
  return { commands: [...own, ...usable.commands], leftOut: usable.leftOut };
}

function withSettings(
  commands: readonly CliCommand[],
  plugins: readonly Plugin[],
  wanted: (command: CliCommand) => boolean,
): Promise<CliCommand[]> {
  return Promise.all(commands.map(async (command) => {
    if (!command.settings || !wanted(command)) return command;
    const { settingOptions } = await import("./setting_options.ts");
    return { ...command, options: [...command.options ?? [], ...settingOptions(command, plugins)] };
  }));
}
