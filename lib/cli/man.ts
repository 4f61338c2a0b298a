import type { CliCommand } from "./command.ts";
import { VERSION } from "./build.ts";

/** `capstan man` */
export const man: CliCommand = {
  path: "man",
  doc: "Print the manual page",
  more:
    "Commands, flags, settings, environment, files, exit status: roff for `man`, made from this very program.",
  examples: ["capstan man | man -l -", "capstan man > ~/.local/share/man/man1/capstan.1"],
  async run({ io, plugins }) {
    const { manualPage } = await import("./manual/page.ts");
    const { wholeProgram } = await import("./whole_program.ts");
    const { build } = await import("./build.ts");
    const { rootSchema } = await import("../config/root.ts");
    const program = await wholeProgram(plugins);
    const { date = "" } = await build();
    await io.stdout.write(manualPage({ program, schema: rootSchema(plugins), version: VERSION, date }));
  },
};
