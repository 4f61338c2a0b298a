import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultSqlite, find, locate } from "../../../lib/config/locate.ts";
import { ConfigError } from "../../../lib/config/problem.ts";
import { recordTrust, revokeTrust, trustFolder } from "../../../lib/config/trust.ts";
import { tempFolder } from "./temp_folder.ts";

const refusal = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ConfigError);
  assert.equal(error.exitCode, 78);
  assert.match(error.message, message);
  return true;
};

Deno.test("locate() takes the folder it is told, without trust, home or the folder's being there", () => {
  using temp = tempFolder();
  const located = locate({ configDir: "conf", cwd: temp.project, env: {} });
  assert.deepEqual(located, {
    dir: join(temp.project, "conf"),
    file: join(temp.project, "conf", "config.toml"),
    text: undefined,
    origin: "told",
  });
  const byEnv = locate({ cwd: temp.project, env: { CAPSTAN_CONFIG_DIR: "/x" } });
  assert.equal(byEnv.dir, "/x");
});

Deno.test("locate() finds the nearest .capstan, else .tapes, in the working directory or above", () => {
  using temp = tempFolder();
  temp.write("home/work/.capstan/config.toml", "# far");
  assert.equal(find({ cwd: temp.project, env: temp.env }).text, "# far");
  temp.write("home/work/project/.tapes/config.toml", "# tapes");
  assert.equal(find({ cwd: temp.project, env: temp.env }).text, "# tapes");
  temp.write("home/work/project/.capstan/config.toml", "# near");
  assert.equal(find({ cwd: temp.project, env: temp.env }).text, "# near");
  assert.equal(find({ cwd: join(temp.project), env: temp.env }).origin, "found");
});

Deno.test("locate() refuses a folder that was not trusted, and says how to trust it", () => {
  using temp = tempFolder();
  temp.write("home/work/project/.capstan/config.toml", "");
  const dir = join(temp.project, ".capstan");
  assert.throws(
    () => locate({ cwd: temp.project, env: temp.env }),
    refusal(
      /^Cannot use .*\.capstan: it is not trusted \(.*config\.toml is new or changed since\).*: capstan trust .*\.capstan$/,
    ),
  );
  recordTrust(dir, "", temp.env);
  assert.equal(locate({ cwd: temp.project, env: temp.env }).dir, dir);
  revokeTrust(dir, temp.env);
  assert.throws(() => locate({ cwd: temp.project, env: temp.env }), ConfigError);
});

Deno.test("locate() refuses a trusted folder once its config.toml changed, appeared or went", () => {
  using temp = tempFolder();
  const file = temp.write("home/work/project/.capstan/config.toml", "a = 1");
  const dir = join(temp.project, ".capstan");
  recordTrust(dir, "a = 1", temp.env);
  Deno.writeTextFileSync(file, "a = 2");
  assert.throws(() => locate({ cwd: temp.project, env: temp.env }), refusal(/new or changed/));
  Deno.removeSync(file);
  assert.throws(() => locate({ cwd: temp.project, env: temp.env }), refusal(/found here and never trusted/));
  recordTrust(dir, undefined, temp.env);
  assert.equal(locate({ cwd: temp.project, env: temp.env }).text, undefined);
});

Deno.test({
  name: "locate() does not take the trust of one folder for another that links to it or has its text",
  ignore: Deno.build.os === "windows",
  fn() {
    using temp = tempFolder();
    temp.write("home/work/project/.capstan/config.toml", "");
    recordTrust(join(temp.project, ".capstan"), "", temp.env);
    temp.write("home/work/other/.capstan/config.toml", "");
    assert.throws(() => locate({ cwd: join(temp.home, "work", "other"), env: temp.env }), ConfigError);
    // A link to the trusted folder is that folder.
    Deno.mkdirSync(join(temp.home, "linked"));
    Deno.symlinkSync(join(temp.project, ".capstan"), join(temp.home, "linked", ".capstan"));
    assert.equal(locate({ cwd: join(temp.home, "linked"), env: temp.env }).text, "");
  },
});

Deno.test("locate() takes ~/.capstan, or ~/.tapes where only that is there, without trust", () => {
  using temp = tempFolder();
  assert.deepEqual(locate({ cwd: temp.project, env: temp.env }).dir, join(temp.home, ".capstan"));
  temp.write("home/.tapes/config.toml", "# tapes");
  const tapes = locate({ cwd: temp.home, env: temp.env });
  assert.deepEqual([tapes.dir, tapes.text, tapes.origin], [join(temp.home, ".tapes"), "# tapes", "home"]);
  temp.write("home/.capstan/config.toml", "# own");
  assert.equal(locate({ cwd: temp.project, env: temp.env }).text, "# own");
});

Deno.test("locate() says what to do where there is no configuration and no home", () => {
  using temp = tempFolder();
  assert.throws(
    () => locate({ cwd: temp.project, env: {} }),
    refusal(/HOME is not set; use --config-dir DIR$/),
  );
});

Deno.test("locate() refuses a config.toml that is not UTF-8 or is a folder", () => {
  using temp = tempFolder();
  Deno.mkdirSync(join(temp.root, "a", "config.toml"), { recursive: true });
  const at = (configDir: string) => () => locate({ configDir, cwd: temp.root, env: {} });
  assert.throws(at("a"), refusal(/^Cannot read .*config\.toml/));
  Deno.mkdirSync(join(temp.root, "b"));
  Deno.writeFileSync(join(temp.root, "b", "config.toml"), new Uint8Array([0x61, 0xff]));
  assert.throws(at("b"), refusal(/it is not UTF-8 text; save it as UTF-8$/));
});

Deno.test("locate() takes a told folder that is not there, and refuses a file in its place", () => {
  using temp = tempFolder();
  const missing = locate({ configDir: "none", cwd: temp.root, env: {} });
  assert.deepEqual([missing.dir, missing.text], [join(temp.root, "none"), undefined]);
  const file = temp.write("conf/config.toml", "");
  assert.throws(
    () => locate({ configDir: file, cwd: temp.root, env: {} }),
    refusal(
      /^Cannot use .*config\.toml as --config-dir: it is a file; give the folder that holds config\.toml/,
    ),
  );
  assert.throws(
    () => locate({ cwd: temp.root, env: { CAPSTAN_CONFIG_DIR: file } }),
    refusal(/as CAPSTAN_CONFIG_DIR: it is a file/),
  );
});

Deno.test("recordTrust() says what to do where there is no place for the record", () => {
  using temp = tempFolder();
  assert.throws(
    () => recordTrust(temp.project, "", {}),
    refusal(/set HOME or XDG_STATE_HOME, or use --config-dir/),
  );
});

Deno.test("trustFolder() follows XDG_STATE_HOME, unless that is relative", () => {
  assert.equal(
    trustFolder({ XDG_STATE_HOME: "/state", HOME: "/home/me" }),
    join("/state", "capstan", "trusted"),
  );
  assert.equal(trustFolder({ XDG_STATE_HOME: "state" }), undefined);
});

Deno.test("defaultSqlite() is tapes' own file in a folder of tapes", () => {
  using temp = tempFolder();
  assert.equal(defaultSqlite("/x/.capstan"), join("/x/.capstan", "capstan.sqlite"));
  const dir = join(temp.project, ".tapes");
  assert.equal(defaultSqlite(dir), join(dir, "tapes.sqlite"));
  temp.write("home/work/project/.tapes/tapes.db", "");
  assert.equal(defaultSqlite(dir), join(dir, "tapes.db"));
});
