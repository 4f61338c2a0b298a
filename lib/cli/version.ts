import type { CliCommand } from "./command.ts";
import { table } from "./table.ts";

/** `capstan version` */
export const version: CliCommand = {
  path: "version",
  doc: "Print the version, and the versions of what it is made of",
  more: "What a report of a fault should have in it. `capstan --version` prints the version alone.",
  options: [{ flags: "-j, --json", doc: "as JSON" }],
  examples: ["capstan version", "capstan version --json | jq -r .commit"],
  async run({ io, options }) {
    const { about } = await import("./about.ts");
    const found = await about();
    await io.stdout.write(
      options.json === true
        ? `${JSON.stringify(found, null, 2)}\n`
        : `capstan ${found.version} (${found.platform})\n` + table([
          ["commit", found.commit],
          ["runtime", `Deno ${found.runtime.deno}, V8 ${found.runtime.v8}`],
          ["bus", `@platformatic/kafka ${found.bus.kafka}; log in the file, schema ${found.bus.log}`],
          ["SQLite", found.sqlite],
        ]),
    );
  },
};
