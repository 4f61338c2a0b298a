import type { CliCommand } from "./command.ts";

/** The shells there are scripts for. */
const SHELLS = ["bash", "zsh", "fish"] as const;

/** `capstan completions SHELL` */
export const completions: CliCommand = {
  path: "completions",
  doc: "Print a script that completes capstan's commands in your shell",
  more:
    "The script asks capstan itself, so that plugins' commands, your topics and the configuration's keys are known.\n" +
    'bash: eval "$(capstan completions bash)" in ~/.bashrc. zsh: the same in ~/.zshrc, behind compinit.\n' +
    "fish: capstan completions fish > ~/.config/fish/completions/capstan.fish",
  args: [{ name: "<shell>", doc: "your shell", oneOf: SHELLS }],
  examples: ['eval "$(capstan completions bash)"', "capstan completions zsh > ~/.zfunc/_capstan"],
  async run({ args: [shell], io }) {
    const { SCRIPTS } = await import("./completion/scripts.ts");
    const script = SHELLS.find((each) => each === shell);
    if (script !== undefined) await io.stdout.write(SCRIPTS[script]);
  },
};
