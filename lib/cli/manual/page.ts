import type { Option } from "commander";
import { envNames } from "../../config/env_names.ts";
import { flagsOf } from "../../config/flags.ts";
import { keyText } from "../../config/key.ts";
import { leavesOf } from "../../config/root.ts";
import type { SettingsSchema } from "../../config/schema.ts";
import { allowedText, readDefault } from "../../config/value.ts";
import { GLOBALS } from "../program.ts";
import { type ProgramCommand, ProgramOption } from "../program_command.ts";
import { sentence } from "../sentence.ts";
import { Roff } from "./roff.ts";
import { ENVIRONMENT, EXAMPLES, EXIT_STATUS, FILES, INTRODUCTION } from "./texts.ts";

/** What the manual is made of. */
export interface Manual {
  /** Every command with all its flags. */
  readonly program: ProgramCommand;
  /** The settings of config.toml. */
  readonly schema: SettingsSchema;
  readonly version: string;
  /** Day of the version, `2026-11-21`; may be empty. */
  readonly date: string;
}

/** Flags of settings that a command names one by one; of more it names the tables. */
const FEW = 12;

/** The page capstan(1). */
export function manualPage(manual: Manual): string {
  const { program, version, date } = manual;
  const page = new Roff().title({
    name: "capstan",
    section: 1,
    date,
    source: `capstan ${version}`,
    manual: "User Commands",
  });
  const does = program.description();
  page.section("Name").paragraphs(`capstan - ${lowered(does).replace(/\.$/, "")}`);
  page.section("Synopsis").paragraphs("`capstan` `COMMAND` [argument ...] [flag ...]");
  page.section("Description").paragraphs(INTRODUCTION);
  page.section("Flags of every command");
  for (const { flags, doc } of GLOBALS) page.term(flags, sentence(doc));
  page.term("-h, --help", "Show the help of the command, with examples.");
  page.section("Commands");
  for (const command of leaves(program)) commandPart(page, command);
  settingsPart(page, manual);
  page.section("Environment");
  for (const [name, text] of ENVIRONMENT) page.term(name, text);
  page.section("Files");
  for (const [name, text] of FILES) page.term(name, text);
  page.section("Exit status");
  for (const [code, text] of EXIT_STATUS) page.term(code, text);
  page.section("Examples");
  for (const [text, lines] of EXAMPLES) page.paragraphs(text).literal(lines);
  return page.toString();
}

/** Commands that do something, groups left out. */
function leaves(command: ProgramCommand): ProgramCommand[] {
  return command.subcommands.flatMap((each) => [
    ...each.subcommands.length === 0 || each.options.length > 0 ? [each] : [],
    ...leaves(each),
  ]);
}

function commandPart(page: Roff, command: ProgramCommand): void {
  const words = command.registeredArguments.map((each) =>
    each.required ? `<${each.name()}>` : `[${each.name()}]`
  );
  page.subsection([...command.words, ...words].join(" ")).paragraphs(command.description());
  for (const each of command.registeredArguments) page.term(each.name(), each.description);
  const globals = new Set(GLOBALS.map(({ flags }) => flags.slice(flags.indexOf("--"))));
  const own = command.options.filter((option) =>
    !globals.has(option.flags.slice(option.flags.indexOf("--"))) && tableOf(option) === undefined
  );
  for (const option of own) page.term(option.flags, withDefault(option));
  const settings = command.options.filter((option) => tableOf(option) !== undefined);
  if (settings.length > FEW) {
    const tables = [...new Set(settings.map(tableOf))].map((table) => `\`[${table}]\``);
    page.paragraphs(`Settings of ${tables.join(", ")} are flags of it; see SETTINGS.`);
  } else if (settings.length > 0) {
    const flags = settings.map(({ flags }) => `\`${flags}\``);
    page.paragraphs(`Settings that are flags of it, see SETTINGS: ${flags.join(", ")}.`);
  }
  page.literal(command.examples);
}

function tableOf(option: Option): string | undefined {
  return option instanceof ProgramOption ? option.table : undefined;
}

function withDefault({ description, defaultValue }: Option): string {
  return defaultValue === undefined ? description : `${description} Default: ${defaultValue}.`;
}

function settingsPart(page: Roff, { schema }: Manual): void {
  const flags = Map.groupBy(flagsOf(schema), ({ key }) => key.replace(/_file$/, ""));
  page.section("Settings").paragraphs(
    "Each may stand in config.toml, in the environment and, where a flag is named, on the command line. `NAME` is of " +
      "your choice.",
  );
  for (const { path, setting, named } of leavesOf(schema)) {
    const key = keyText(path);
    const secret = setting.type === "string" && setting.secret === true;
    const initial = readDefault(setting);
    const own = flags.get(key.replace(/_file$/, "")) ?? [];
    const parts = [
      setting.doc,
      `It is ${allowedText(setting)}.`,
      initial?.ok === true && initial.text !== "[]" ? `Default: \`${initial.text}\`.` : "",
      own.length > 0 ? `Flag: ${own.map((each) => `\`${each.flags}\``).join(", ")}.` : "",
      named ? "" : `Environment: ${envNames(path, setting).map((name) => `\`${name}\``).join(", ")}.`,
    ];
    page.term(secret ? `${key}, ${key}_file` : key, parts.filter((part) => part !== "").join(" "));
  }
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
