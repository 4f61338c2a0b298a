import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../../.ci/compile/bundle.ts";
import { compileArguments } from "../../.ci/compile/compile_natively.ts";
import { ownTarget } from "../../.ci/compile/targets.ts";
import { tempDir } from "../e2e/temp_dir.ts";
import { readCompiledFile } from "./compiled_file.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("compileArguments() includes each file of the bundle, and grants what the program needs alone", () => {
  const made = { folder: "/made", files: ["main.js", "native.wasm", "plugins/tapes/derive/worker.js"] };
  assert.deepEqual(compileArguments(made, "aarch64-apple-darwin", "/out/capstan"), [
    "compile",
    "--quiet",
    "--no-config",
    "--no-lock",
    "--no-check",
    "--node-modules-dir=manual",
    "--target",
    "aarch64-apple-darwin",
    "--output",
    "/out/capstan",
    "--include",
    join("/made", "native.wasm"),
    "--include",
    join("/made", "plugins/tapes/derive/worker.js"),
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "--allow-sys=hostname,statfs,uid,cpus,osRelease,homedir",
    "--deny-import",
    "--no-prompt",
    "--unstable-worker-options",
    join("/made", "main.js"),
  ]);
});

Deno.test("deno compile embeds the bundle whole, with its permissions, no import map and nothing of this machine", async () => {
  await using dir = await tempDir();
  const made = await bundle(root, join(dir.path, "bundle"));
  const output = join(dir.path, Deno.build.os === "windows" ? "compiled.exe" : "compiled");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArguments(made, ownTarget(), output),
    cwd: made.folder,
    // The run-time it would download; what is embedded is the same with any.
    env: { NO_COLOR: "1", DENORT_BIN: Deno.execPath() },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { noted, files } = await readCompiledFile(output);

  assert.deepEqual([...files.keys()].sort(), [...made.files].sort());
  for (const [path, bytes] of files) {
    assert.equal(bytes, (await Deno.stat(join(made.folder, path))).size, path);
  }
  for (const wanted of ["native.wasm", "polyglot_sql.wasm", "plugins.json", "packages.json", "build.json"]) {
    assert.ok(files.has(wanted), wanted);
  }

  assert.equal(noted.entrypoint_key, "main.js");
  assert.deepEqual(noted.argv, []);
  assert.deepEqual(noted.unstable_config.features, ["worker-options"]);
  assert.deepEqual(noted.env_vars_from_env_file, {});
  assert.deepEqual([noted.workspace_resolver.import_map, noted.workspace_resolver.package_jsons], [null, {}]);
  // Of a plugin's packages, those in its own node_modules are found when it runs.
  assert.deepEqual(noted.node_modules, { Byonm: { root_node_modules_dir: "node_modules/" } });
  const { allow_import: _hosts, prompt, ...permissions } = noted.permissions;
  assert.equal(prompt, false);
  // An empty list stands for all.
  assert.deepEqual(Object.fromEntries(Object.entries(permissions).filter(([, value]) => value !== null)), {
    allow_env: [],
    allow_net: [],
    allow_read: [],
    allow_sys: ["hostname", "statfs", "uid", "cpus", "osRelease", "homedir"],
    allow_write: [],
    deny_import: [],
  });
});
