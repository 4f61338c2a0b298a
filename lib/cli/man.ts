import type { CliCommand } from "./command.ts";
import { VERSION } from "./build.ts";

/** `capstan man` */
export const man: CliCommand = {
  path: "man",
  doc: "Print the manual page",
  more:
    "Commands, flags, settings, environment, files, exit status: roff for `man`, made from this very program.",
  examples: ["capstan man | man -l -", "capstan man > ~/.local/share/man/man1/capstan.1"],
  async run({ io, plugins, failed }) {
    const { manualPage } = await import("./manual/page.ts");
    const { wholeProgram } = await import("./whole_program.ts");
    const { build } = await import("./build.ts");
    const { rootSchema } = await import("../config/root.ts");
    const { warnOfLeftOut } = await import("./left_out_warning.ts");
    const { program, leftOut } = await wholeProgram(plugins);
    const shown = plugins.filter(({ name }) => leftOut.every((each) => each.name !== name));
    const { date = "" } = await build();
    await io.stdout.write(manualPage({ program, schema: rootSchema(shown), version: VERSION, date }));
    await warnOfLeftOut(io.stderr, [...failed, ...leftOut]);
  },
};
