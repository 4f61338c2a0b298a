import type { CliCommand } from "./command.ts";

/** `capstan plugins test PATH` */
export const pluginsTest: CliCommand = {
  path: "plugins test",
  doc: "Run a plugin's tests, or the suite that every plugin must pass",
  more:
    "The tests are the files *_test.ts beside the plugin's module; of a module that is not its folder's mod.ts,\n" +
    "NAME_test.ts. Where there is none, testPlugin() of capstan/testing is run on the plugin. Tests have all rights.",
  args: [{ name: "<path>", doc: "the module's file, or its folder" }],
  examples: ["capstan plugins test ./hello"],
  async run({ args: [path = ""], io, signal }) {
    const { dirname, join, resolve } = await import("node:path");
    const { pathToFileURL } = await import("node:url");
    const { findDeno } = await import("../plugin/find_deno.ts");
    const { loadPlugin, moduleFile } = await import("../plugin/load_plugin.ts");
    const { testsOf } = await import("./plugin_tests.ts");
    const { runTests } = await import("./run_tests.ts");
    const { workFolder } = await import("./work_folder.ts");
    const file = await moduleFile(resolve(io.cwd, path));
    const folder = dirname(file);
    const tests = testsOf(file);
    const deno = await findDeno();
    if ("missing" in deno) {
      const { runInProcess } = await import("./run_in_process.ts");
      const { testingModule } = await import("./testing_module.ts");
      const plugin = await loadPlugin(file);
      if (tests.length > 0) {
        await io.stderr.write(
          `Of the plugin's own tests none is run: ${deno.missing}. Its conformance alone is tested.\n`,
        );
      }
      return await runInProcess(async () => await (await testingModule()).testPlugin(plugin), { io, signal });
    }
    await using work = await workFolder();
    if (tests.length === 0) {
      const suite = join(work.path, "conformance_test.ts");
      const module = JSON.stringify(pathToFileURL(file).href);
      await Deno.writeTextFile(
        suite,
        `import { testPlugin } from "capstan/testing";\nimport plugin from ${module};\n\ntestPlugin(plugin);\n`,
      );
      tests.push(suite);
    }
    return await runTests({ deno: deno.path, folder, files: tests, io, signal });
  },
};
