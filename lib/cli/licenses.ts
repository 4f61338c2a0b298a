import type { CliCommand } from "./command.ts";
import { UsageError } from "./exit.ts";
import type { Component } from "./inventory/component.ts";
import { table } from "./table.ts";
import { VERSION } from "./build.ts";

/** `capstan licenses [NAME]` */
export const licenses: CliCommand = {
  path: "licenses",
  doc: "List what of others is in this program, and under which licences",
  more: "Packages and run-time. Capstan itself is under the Apache License 2.0.",
  args: [{ name: "[name]", doc: "print the licence of this package or part, word for word" }],
  options: [
    { flags: "-t, --text", doc: "print every licence, word for word" },
    { flags: "-j, --json", doc: "as JSON, with the licences' words" },
    { flags: "--sbom", doc: "as a bill of materials: CycloneDX 1.6, JSON" },
  ],
  examples: ["capstan licenses", "capstan licenses commander", "capstan licenses --sbom > capstan.cdx.json"],
  async run({ args: [name], options, io }) {
    const { inventory } = await import("./inventory/inventory.ts");
    const all = await inventory();
    const chosen = name === undefined ? all : all.filter((each) => each.name === name);
    if (chosen.length === 0) {
      throw new UsageError(
        `Cannot print the licence of ${name}: it is no part of this program; see capstan licenses`,
      );
    }
    if (options.sbom === true) await io.stdout.write(await bill(all));
    else if (options.json === true) await io.stdout.write(`${JSON.stringify(chosen, null, 2)}\n`);
    else if (options.text === true || name !== undefined) {
      await io.stdout.write(chosen.map(fullText).join("\n"));
    } else await io.stdout.write(list(chosen));
  },
};

async function bill(components: readonly Component[]): Promise<string> {
  const { cycloneDx } = await import("./inventory/cyclonedx.ts");
  const { build } = await import("./build.ts");
  const { commit } = await build();
  return cycloneDx({ name: "capstan", version: VERSION, license: "Apache-2.0", commit }, components);
}

function list(components: readonly Component[]): string {
  return table([
    ["part", "version", "licence"],
    ...components.map(({ name, version, license }) => [name, version, license]),
  ]);
}

function fullText({ name, version, license, texts }: Component): string {
  const head = `${name} ${version} (${license})`;
  const words = texts.length === 0 ? ["The package has no text of it."] : texts.map(({ text }) => text);
  return `${head}\n${"=".repeat(head.length)}\n\n${words.map((text) => `${text}\n`).join("\n")}`;
}
