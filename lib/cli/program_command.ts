import { Command, Option } from "commander";
import type { CliOption } from "./command.ts";
import { sentence } from "./sentence.ts";

/** A command of the program, with what help, manual and completion want to know beside commander's own. */
export class ProgramCommand extends Command {
  readonly #own: string[] = [];

  /** Command lines that show it at work; those of its commands where it only holds others. */
  get examples(): readonly string[] {
    if (this.#own.length > 0) return this.#own;
    return this.subcommands.flatMap((command) => command.examples.slice(0, 1)).slice(0, 5);
  }

  /** Adds to its examples. */
  addExamples(examples: readonly string[]): this {
    this.#own.push(...examples);
    return this;
  }

  /** The commands below it, without hidden ones. */
  get subcommands(): readonly ProgramCommand[] {
    const shown = this.createHelp().visibleCommands(this);
    return this.commands.filter((command): command is ProgramCommand =>
      command instanceof ProgramCommand && shown.includes(command)
    );
  }

  /** Its words, the program's name first: `capstan config show`. */
  get words(): readonly string[] {
    const above = this.parent instanceof ProgramCommand ? this.parent.words : [];
    return [...above, this.name()];
  }

  /** Commands made below it are of the same kind. */
  override createCommand(name?: string): ProgramCommand {
    return new ProgramCommand(name);
  }
}

/** A flag of the program's. */
export class ProgramOption extends Option {
  /** Values that completion offers; others may be right too. */
  readonly offers: readonly string[];
  /** The table of config.toml whose setting it gives; absent for flags of the command itself. */
  readonly table: string | undefined;

  /** As commander's, with values that may be given several times where `repeat` says so. */
  constructor(option: CliOption) {
    super(option.flags, sentence(option.doc));
    this.offers = option.offers ?? [];
    this.table = option.table;
    if (option.default !== undefined) this.default(option.default);
    if (option.table !== undefined) this.helpGroup(`Settings of [${option.table}]:`);
    if (option.repeat) {
      this.argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
    }
  }
}
