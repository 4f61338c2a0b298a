import type { CliCommand } from "./command.ts";

/** `capstan config schema` */
export const configSchema: CliCommand = {
  path: "config schema",
  doc: "Print the JSON Schema of config.toml, for editors",
  examples: [
    "capstan config schema > capstan.schema.json   # then, first line of config.toml: #:schema ./capstan.schema.json",
  ],
  async run({ plugins, io }) {
    const { jsonSchema } = await import("../config/json_schema.ts");
    await io.stdout.write(`${JSON.stringify(jsonSchema(plugins), null, 2)}\n`);
  },
};
