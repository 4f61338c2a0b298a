import type { CliCommand } from "./command.ts";

/** `capstan plugins types [DIR]` */
export const pluginsTypes: CliCommand = {
  path: "plugins types",
  doc: "Write the types that an editor needs beside a plugin",
  more:
    'Writes capstan.d.ts and capstan_testing.d.ts, and maps "capstan" and "capstan/testing" to them in deno.json,\n' +
    "which is made where there is none. Run it again after an update of this program.",
  args: [{ name: "[dir]", doc: "the plugin's folder (default: this one)" }],
  examples: ["capstan plugins types ./plugins"],
  async run({ args: [dir = "."], io }) {
    const { resolve } = await import("node:path");
    const { authorFilesText, writeAuthorFiles } = await import("./author_files.ts");
    const { editorFiles } = await import("./editor_files.ts");
    const files = await editorFiles(resolve(io.cwd, dir));
    await writeAuthorFiles(files);
    await io.stdout.write(authorFilesText(files));
  },
};
