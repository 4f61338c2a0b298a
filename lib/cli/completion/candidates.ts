import type { Argument, Option } from "commander";
import { type ProgramCommand, ProgramOption } from "../program_command.ts";

/** One thing that may stand where the cursor is. */
export interface Candidate {
  /** The whole word. */
  readonly value: string;
  /** What it means, in one line; may be empty. */
  readonly doc: string;
}

/** What may stand where the cursor is. */
export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** Paths too, which the shell knows best. */
  readonly paths?: "files" | "folders";
}

/** Values that the program itself doesn't know: names of topics, keys of the configuration. */
export interface Lookup {
  /** `kind` is the placeholder's name, as `topic`; `before` are the positional arguments given. */
  (kind: string, before: readonly string[]): Promise<readonly string[]>;
}

/** A command line as far as it is typed: without the program's name, the word under the cursor last. */
export type TypedWords = readonly string[];

const NONE: Candidates = { candidates: [] };

/** What may stand for the last of `words`. */
export async function candidatesFor(
  root: ProgramCommand,
  words: TypedWords,
  lookup: Lookup,
): Promise<Candidates> {
  const current = words.at(-1) ?? "";
  if (words[0] === "help" && words.length > 1) {
    const { command } = understood(root, words.slice(1, -1));
    return matching({ candidates: commandsOf(command) }, current);
  }
  const at = understood(root, words.slice(0, -1));
  const { command, pending, arguments: before } = at;
  if (pending !== undefined) return matching(await valuesOf(pending, before, lookup), current);
  if (!at.ended && current.startsWith("-")) {
    const [flag = "", value] = split(current);
    if (value === undefined) return matching({ candidates: flagsOf(command, at.given, current) }, current);
    const option = optionNamed(command, flag);
    if (option === undefined || !takesValue(option)) return NONE;
    const { candidates, paths } = await valuesOf(option, before, lookup);
    return matching({
      candidates: candidates.map(({ value, doc }) => ({ value: `${flag}=${value}`, doc })),
      paths,
    }, current);
  }
  const argument = command.registeredArguments[before.length] ?? variadic(command);
  const values = argument === undefined ? NONE : await valuesOf(argument, before, lookup);
  const commands = before.length === 0 && !at.ended ? commandsOf(command) : [];
  return matching({ ...values, candidates: [...commands, ...values.candidates] }, current);
}

/** How far a command line has come. */
interface Understood {
  command: ProgramCommand;
  /** The positional arguments given. */
  arguments: string[];
  /** Flags given. */
  given: Option[];
  /** The flag whose value comes next. */
  pending?: Option;
  /** `--` was given: flags are over. */
  ended: boolean;
}

function understood(root: ProgramCommand, words: readonly string[]): Understood {
  const at: Understood = { command: root, arguments: [], given: [], ended: false };
  for (const word of words) {
    if (at.pending !== undefined) {
      at.pending = undefined;
    } else if (at.ended) {
      at.arguments.push(word);
    } else if (word === "--") {
      at.ended = true;
    } else if (word.startsWith("-") && word.length > 1) {
      const [flag = "", value] = split(word);
      const option = optionNamed(at.command, flag);
      if (option === undefined) continue;
      at.given.push(option);
      if (value === undefined && takesValue(option)) at.pending = option;
    } else {
      const below = at.arguments.length === 0 ? named(at.command, word) : undefined;
      if (below === undefined) at.arguments.push(word);
      else at.command = below;
    }
  }
  return at;
}

/** `--flag=value` in two; the value is absent where there is no `=`. */
function split(word: string): [string, string?] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function named(command: ProgramCommand, name: string): ProgramCommand | undefined {
  return command.subcommands.find((each) => each.name() === name);
}

function optionNamed(command: ProgramCommand, flag: string): Option | undefined {
  return shownOptions(command).find(({ long, short }) => flag === long || flag === short);
}

function shownOptions(command: ProgramCommand): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

/** A short flag is offered where it alone could be meant: its long one says more. */
function flagsOf(command: ProgramCommand, given: readonly Option[], current: string): Candidate[] {
  return shownOptions(command).filter((option) => !given.includes(option) || option.parseArg !== undefined)
    .map(({ long, short, description }) => ({
      value: (current === short ? short : long ?? short) ?? "",
      doc: line(description),
    }));
}

function commandsOf(command: ProgramCommand): Candidate[] {
  const own = command.subcommands.map((each) => ({
    value: each.name(),
    doc: line(each.summary() || each.description()),
  }));
  return command.parent === null ? [...own, { value: "help", doc: "Show the help of a command." }] : own;
}

function variadic(command: ProgramCommand): Argument | undefined {
  const last = command.registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
}

/** The name of its placeholder says what a value is. */
async function valuesOf(
  of: Option | Argument,
  before: readonly string[],
  lookup: Lookup,
): Promise<Candidates> {
  const kind = "flags" in of ? /[<[]([\w=-]+)/.exec(of.flags)?.[1] ?? "" : of.name();
  if (kind === "path" || kind === "file") return { candidates: [], paths: "files" };
  if (kind === "dir") return { candidates: [], paths: "folders" };
  const known = of instanceof ProgramOption ? of.offers : of.argChoices ?? [];
  const values = known.length > 0 ? known : await lookup(kind, before);
  return { candidates: values.map((value) => ({ value, doc: "" })) };
}

function matching({ candidates, paths }: Candidates, current: string): Candidates {
  const found = candidates.filter(({ value }) => value !== "" && value.startsWith(current));
  return paths === undefined ? { candidates: found } : { candidates: found, paths };
}

function line(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}
