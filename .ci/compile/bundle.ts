import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { describedPlugins, PLUGINS_FILE } from "../../lib/cli/carried_plugins.ts";
import { PACKAGES_FILE } from "../../lib/cli/inventory/inventory.ts";
import { BUILD_FILE } from "../../lib/cli/build.ts";
import { pluginCommands } from "../../lib/cli/plugin_commands.ts";
import { pluginTypes } from "../../lib/plugin/plugin_types.ts";
import { plugins } from "../../plugins/mod.ts";
import { testingTypes } from "../../lib/cli/testing_types.ts";
import { currentBuild } from "./build_file.ts";
import { embeddedPackages } from "./embedded_packages.ts";

/** Modules that are loaded by name: the program, those that run in a Worker, and what plugins' tests import. */
const ENTRIES = {
  main: "main.ts",
  worker: "lib/bus/worker/main.ts",
  isolated: "lib/plugin/isolation/isolated.ts",
  append: "lib/bus/local/lane/append_worker.ts",
  redaction: "lib/redact/in_worker.ts",
  deriver: "plugins/tapes/derive/worker.ts",
  trail: "plugins/audit/trail/trail_worker.ts",
  auditReader: "plugins/audit/verify/threads/reader_worker.ts",
  insights: "plugins/insights/streams/streams_worker.ts",
  envelopes: "plugins/insights/events/worker_codec.ts",
  testing: "lib/testing/mod.ts",
} as const;

/** The parser of SQL as a module names it, in sources and, untouched by the bundler, in the bundle. */
const SQL_PARSER = `new URL(import.meta.resolve("@polyglot-sql/sdk/polyglot_sql.wasm"))`;

/**
 * What the bundler leaves as it is, and what stands for it in one flat folder: modules and bytes that are found beside
 * the module that names them.
 */
const REWRITES: readonly { from: string; to: string }[] = [
  {
    from: `new URL("./main.ts", import.meta.url)`,
    to: `new URL("./lib/bus/worker/main.js", import.meta.url)`,
  },
  {
    from: `new URL("./isolated.ts", import.meta.url)`,
    to: `new URL("./lib/plugin/isolation/isolated.js", import.meta.url)`,
  },
  {
    from: `new URL("./append_worker.ts", import.meta.url)`,
    to: `new URL("./lib/bus/local/lane/append_worker.js", import.meta.url)`,
  },
  {
    from: `new URL("../redact/in_worker.ts", import.meta.url)`,
    to: `new URL("./lib/redact/in_worker.js", import.meta.url)`,
  },
  {
    from: `new URL("./worker.ts", import.meta.url)`,
    to: `new URL("./plugins/tapes/derive/worker.js", import.meta.url)`,
  },
  {
    from: `new URL("./trail_worker.ts", import.meta.url)`,
    to: `new URL("./plugins/audit/trail/trail_worker.js", import.meta.url)`,
  },
  {
    from: `new URL("./reader_worker.ts", import.meta.url)`,
    to: `new URL("./plugins/audit/verify/threads/reader_worker.js", import.meta.url)`,
  },
  {
    from: `new URL("./streams_worker.ts", import.meta.url)`,
    to: `new URL("./plugins/insights/streams/streams_worker.js", import.meta.url)`,
  },
  {
    from: `new URL("./worker_codec.ts", import.meta.url)`,
    to: `new URL("./plugins/insights/events/worker_codec.js", import.meta.url)`,
  },
  {
    from: `new URL("../testing/mod.ts", import.meta.url)`,
    to: `new URL("./lib/testing/mod.js", import.meta.url)`,
  },
  {
    from: `new URL("../dist/native.wasm", import.meta.url)`,
    to: `new URL("./native.wasm", import.meta.url)`,
  },
  { from: SQL_PARSER, to: `new URL("./polyglot_sql.wasm", import.meta.url)` },
];

/** The program as JavaScript: `main.js`, its chunks, and what they load, in a folder of their own. */
export interface Bundle {
  /** Absolute. */
  readonly folder: string;
  /** What is in it, relative, in order. */
  readonly files: readonly string[];
}

/**
 * Bundles the program at `root` into `folder`, which must be empty.
 * @throws {Error} the bundler failed, or its output is not of the expected shape.
 */
export async function bundle(root: string, folder: string): Promise<Bundle> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      ...["--quiet", "--platform", "deno", "--code-splitting", "--outdir", folder],
      ...Object.values(ENTRIES),
    ],
    cwd: root,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr).trim()}`);
  await rewrite(folder);
  const parser = new URL(import.meta.resolve("@polyglot-sql/sdk/polyglot_sql.wasm"));
  await Deno.copyFile(parser, join(folder, "polyglot_sql.wasm"));
  const wasm = wasmOf(root);
  const packages = await embeddedPackages(root, { folder, files: await filesIn(folder), wasm });
  await Deno.writeTextFile(join(folder, PACKAGES_FILE), JSON.stringify(packages));
  await Deno.copyFile(wasm, join(folder, "native.wasm"));
  await Deno.writeTextFile(join(folder, "capstan.d.ts"), await pluginTypes());
  await Deno.writeTextFile(join(folder, "capstan_testing.d.ts"), await testingTypes());
  const described = describedPlugins(plugins, pluginCommands(plugins));
  await Deno.writeTextFile(join(folder, PLUGINS_FILE), JSON.stringify(described));
  await Deno.writeTextFile(join(folder, BUILD_FILE), JSON.stringify(await currentBuild(root)));
  const files = await filesIn(folder);
  for (const entry of Object.values(ENTRIES)) {
    const made = entry.replace(/\.ts$/, ".js");
    if (!files.includes(made)) throw new Error(`Cannot bundle: the bundler made no ${made}`);
  }
  return { folder: resolve(folder), files };
}

/** Each must be there exactly once: a module that moved would otherwise be missed only when it is wanted. */
async function rewrite(folder: string): Promise<void> {
  const found = new Map(REWRITES.map(({ from }) => [from, 0]));
  for (const name of await filesIn(folder)) {
    const path = join(folder, name);
    let text = await Deno.readTextFile(path);
    const before = text;
    for (const { from, to } of REWRITES) {
      const parts = text.split(from);
      if (parts.length === 1) continue;
      if (dirname(name) !== ".") throw new Error(`Cannot bundle: ${name} is no file of the top folder`);
      found.set(from, (found.get(from) ?? 0) + parts.length - 1);
      text = parts.join(to);
    }
    if (text !== before) await Deno.writeTextFile(path, text);
  }
  for (const [from, times] of found) {
    if (times !== 1) throw new Error(`Cannot bundle: ${from} occurs ${times} times, not once`);
  }
}

/** The WebAssembly that the Kafka client reads from beside itself. */
function wasmOf(root: string): string {
  const kafka = createRequire(import.meta.resolve("@platformatic/kafka"));
  const [wasm] = [kafka.resolve("@platformatic/wasm-utils")].map((module) =>
    join(dirname(module), "..", "dist", "native.wasm")
  );
  if (wasm === undefined) throw new Error(`Cannot bundle: ${root} has no Kafka client`);
  return wasm;
}

/** Paths of files below a folder, relative to it, sorted. */
export async function filesIn(folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(folder, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory) found.push(...await filesIn(folder, path));
    else found.push(path);
  }
  return found.sort();
}
