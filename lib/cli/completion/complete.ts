import type { CliCommand, Invocation } from "../command.ts";
import type { Lookup } from "./candidates.ts";
import { COMPLETE, typedWords } from "./typed_words.ts";

/**
 * `capstan __complete`: what the shells' scripts ask. One candidate a line, a tab and what it means behind; `:files` or
 * `:folders` where paths fit too.
 */
export const complete: CliCommand = {
  path: COMPLETE,
  doc: "Say what may stand at the end of a command line",
  hidden: true,
  args: [{ name: "[words...]", doc: "the command line, as far as it is typed" }],
  options: [{ flags: "--line <text>", doc: "the command line as one text" }],
  async run(call) {
    const { candidatesFor } = await import("./candidates.ts");
    const { wholeProgram } = await import("../whole_program.ts");
    const { configDirOf } = await import("../external_plugins.ts");
    const { line } = call.options;
    const words = typedWords([
      COMPLETE,
      ...typeof line === "string" ? ["--line", line] : ["--", ...call.args],
    ]);
    // Who left a plugin out is for the command to say: a shell that waits at its prompt can't.
    const { program } = await wholeProgram(call.plugins, words);
    const { candidates, paths } = await candidatesFor(
      program,
      words,
      // The configuration is that of the command line in question.
      lookupOf({ ...call, globals: { ...call.globals, configDir: configDirOf(words) } }),
    );
    const lines = candidates.map(({ value, doc }) => doc === "" ? value : `${value}\t${doc}`);
    if (paths !== undefined) lines.push(`:${paths}`);
    await call.io.stdout.write(lines.map((each) => `${each}\n`).join(""));
  },
};

/** Names from the configuration and the plugins; no file of data is opened, no broker asked. */
function lookupOf(call: Invocation): Lookup {
  return async (kind, before) => {
    switch (kind) {
      case "topic":
        return await topics(call);
      case "key":
        return await keys(call);
      case "value":
        return await values(call, before[0] ?? "");
      default:
        return [];
    }
  };
}

async function topics(call: Invocation): Promise<string[]> {
  const { declaredTopics } = await import("../make_host.ts");
  const { isDeadLetterTopic } = await import("../../bus/stream/dead_letters.ts");
  const { loadConfiguration } = await import("../configuration.ts");
  try {
    const declared = declaredTopics(call, await loadConfiguration(call)).map(({ name }) => name);
    // Each of them would be said twice: `capstan dlq` takes the topic's own name.
    return declared.filter((name) => !isDeadLetterTopic(name)).sort();
  } catch {
    return []; // a wrong configuration is for the command to say: a shell that waits at its prompt can't
  }
}

async function keys(call: Invocation): Promise<string[]> {
  const { leavesOf, rootSchema } = await import("../../config/root.ts");
  const { keyText } = await import("../../config/key.ts");
  return leavesOf(rootSchema(call.plugins)).filter(({ named }) => !named).map(({ path }) => keyText(path));
}

async function values(call: Invocation, key: string): Promise<readonly string[]> {
  const { rootSchema } = await import("../../config/root.ts");
  const { findSetting } = await import("../../config/find_setting.ts");
  const setting = findSetting(rootSchema(call.plugins), key.split("."))?.setting;
  if (setting?.type === "boolean") return ["true", "false"];
  return setting?.type === "string" ? setting.oneOf ?? [] : [];
}
