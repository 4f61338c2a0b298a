import manifest from "../../deno.json" with { type: "json" };
import type { CliCommand } from "./command.ts";

/** Capstan's own version, as in deno.json. */
export const VERSION: string = manifest.version;

/** `capstan version` */
export const version: CliCommand = {
  path: "version",
  doc: "Print the version, and what it runs on",
  async run({ io }) {
    await io.stdout.write(
      `capstan ${VERSION} (deno ${Deno.version.deno}, ${Deno.build.os} ${Deno.build.arch})\n`,
    );
  },
};
