import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { initConfig } from "../../../lib/config/init.ts";
import { loadConfig, type LoadOptions } from "../../../lib/config/load.ts";
import { locate, readFolder } from "../../../lib/config/locate.ts";
import { ConfigError, problemText } from "../../../lib/config/problem.ts";
import { setConfig } from "../../../lib/config/set.ts";
import { recorder } from "./plugins.ts";
import { tempFolder } from "./temp_folder.ts";

function optionsFor(dir: string, env: Record<string, string> = {}): LoadOptions {
  return { plugins: [recorder], located: readFolder(dir, "told"), env, cwd: dir };
}

function modeOf(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}

const posix = Deno.build.os !== "windows";

Deno.test("setConfig() changes one line and keeps comments, order and what it does not know", () => {
  using temp = tempFolder();
  const before = `# mine
[embedding]
model = "x" # tapes' own

[plugins.recorder] # here
  retries = 1   # few
`;
  const file = temp.write("conf/config.toml", before);
  const { key, remaining } = setConfig(optionsFor(join(temp.root, "conf")), "plugins.recorder.retries", "5");
  assert.equal(key, "plugins.recorder.retries");
  assert.deepEqual(remaining, []);
  assert.equal(Deno.readTextFileSync(file), before.replace("= 1 ", "= 5 "));
  if (posix) assert.equal(modeOf(file), 0o600);
  assert.deepEqual([...Deno.readDirSync(join(temp.root, "conf"))].map(({ name }) => name), ["config.toml"]);
});

Deno.test("setConfig() makes folder and file where they are missing, for nobody else to read", () => {
  using temp = tempFolder();
  const dir = join(temp.root, "new", "conf");
  setConfig(optionsFor(dir), "logging.level", "debug");
  assert.equal(Deno.readTextFileSync(join(dir, "config.toml")), `[logging]\nlevel = "debug"\n`);
  if (posix) assert.deepEqual([modeOf(dir), modeOf(join(dir, "config.toml"))], [0o700, 0o600]);
});

Deno.test("setConfig() writes where the file has the setting already: under its alias, or its own key", () => {
  using temp = tempFolder();
  const dir = join(temp.root, "conf");
  const file = temp.write("conf/config.toml", `[proxy]\nupstream = "http://a"\n`);
  assert.equal(setConfig(optionsFor(dir), "plugins.recorder.upstream", "http://b").key, "proxy.upstream");
  assert.equal(Deno.readTextFileSync(file), `[proxy]\nupstream = "http://b"\n`);
  temp.write("conf/config.toml", `[plugins.recorder]\nupstream = "http://a"\n`);
  assert.equal(setConfig(optionsFor(dir), "proxy.upstream", "http://b").key, "plugins.recorder.upstream");
  temp.write("conf/config.toml", "");
  assert.equal(setConfig(optionsFor(dir), "proxy.upstream", "http://b").key, "proxy.upstream");
});

Deno.test("setConfig() refuses unknown keys and bad values with the errors of a file, and writes nothing", () => {
  using temp = tempFolder();
  const dir = join(temp.root, "conf");
  const file = temp.write("conf/config.toml", "# mine\n");
  const cases: [string, string, RegExp][] = [
    [
      "plugins.recorder.retires",
      "1",
      /config set: plugins\.recorder\.retires is not a setting; .*did you mean plugins\.recorder\.retries\?$/,
    ],
    [
      "plugins.recorder.retries",
      "11",
      /config set: plugins\.recorder\.retries is the number 11; it must be a whole number from 0 to 10$/,
    ],
    ["plugins.recorder.retries", "two", /is "two"; it must be a whole number/],
    ["logging.level", "wran", /it must be one of .*; did you mean "warn"\?$/],
    ["plugins.recorder", "1", /plugins\.recorder is not a setting/],
    ["a = 1\nb", "1", /is not a setting/],
    ["", "1", /is not a setting/],
  ];
  for (const [key, value, message] of cases) {
    assert.throws(() => setConfig(optionsFor(dir), key, value), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.equal(Deno.readTextFileSync(file), "# mine\n");
});

Deno.test("setConfig() says what is still wrong with the file, and sets all the same", () => {
  using temp = tempFolder();
  const dir = join(temp.root, "conf");
  const { remaining } = setConfig(optionsFor(dir), "publisher.kafka.topic", "nodes");
  assert.deepEqual(remaining.map(problemText), [
    `${
      join(dir, "config.toml")
    }:2:1: publisher.kafka.topic is set without publisher.kafka.brokers; set both or neither`,
  ]);
  assert.deepEqual(setConfig(optionsFor(dir), "publisher.kafka.brokers", "a:1,b:2").remaining, []);
  const { host } = loadConfig(optionsFor(dir));
  assert.deepEqual(host.publisher.kafka, { brokers: ["a:1", "b:2"], topic: "nodes" });
});

Deno.test("setConfig() sets secrets and the files that hold them", () => {
  using temp = tempFolder();
  const dir = join(temp.root, "conf");
  setConfig(optionsFor(dir), "plugins.recorder.providers.a.key", "hush");
  setConfig(optionsFor(dir), "plugins.recorder.api_key_file", "/run/key");
  assert.equal(
    Deno.readTextFileSync(join(dir, "config.toml")),
    `[plugins.recorder.providers.a]\nkey = "hush"\n\n[plugins.recorder]\napi_key_file = "/run/key"\n`,
  );
});

Deno.test("setConfig() keeps a folder trusted", () => {
  using temp = tempFolder();
  initConfig({ dir: join(temp.project, ".capstan"), env: temp.env });
  const located = locate({ cwd: temp.project, env: temp.env });
  setConfig({ plugins: [recorder], located, env: temp.env, cwd: temp.project }, "logging.level", "warn");
  assert.match(locate({ cwd: temp.project, env: temp.env }).text ?? "", /level = "warn"/);
});

Deno.test("setConfig() trusts a file that it made, and no file of somebody else's", () => {
  using temp = tempFolder();
  const options = { plugins: [recorder], env: temp.env, cwd: temp.project };
  const told = (dir: string) => locate({ configDir: dir, cwd: temp.project, env: temp.env });
  setConfig({ ...options, located: told(".capstan") }, "logging.level", "warn");
  assert.equal(locate({ cwd: temp.project, env: temp.env }).origin, "found");
  temp.write("home/work/project/.capstan/config.toml", `[proxy]\nupstream = "http://elsewhere"\n`);
  setConfig({ ...options, located: told(".capstan") }, "logging.level", "warn");
  assert.throws(() => locate({ cwd: temp.project, env: temp.env }), ConfigError);
});

Deno.test({
  name: "setConfig() follows a link to the file instead of replacing it",
  ignore: !posix,
  fn() {
    using temp = tempFolder();
    const real = temp.write("dotfiles/capstan.toml", "");
    Deno.mkdirSync(join(temp.root, "conf"));
    Deno.symlinkSync(real, join(temp.root, "conf", "config.toml"));
    setConfig(optionsFor(join(temp.root, "conf")), "logging.level", "warn");
    assert.equal(Deno.readTextFileSync(real), `[logging]\nlevel = "warn"\n`);
    assert.ok(Deno.lstatSync(join(temp.root, "conf", "config.toml")).isSymlink);
  },
});

Deno.test("setConfig() sets values that loadConfig() gives back", () => {
  using temp = tempFolder();
  const dir = join(temp.root, "conf");
  // A lone surrogate can't come from a command line, and TOML has no way to write it.
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 10 }), fc.boolean(), (upstream, retries, verbose) => {
      const values = { upstream, retries, verbose };
      for (const [key, value] of Object.entries(values)) {
        setConfig(optionsFor(dir), `plugins.recorder.${key}`, `${value}`);
      }
      const { settings } = loadConfig(optionsFor(dir)).plugin("recorder");
      assert.deepEqual(
        { upstream: settings.upstream, retries: settings.retries, verbose: settings.verbose },
        values,
      );
    }),
    { numRuns: 30 },
  );
});

Deno.test("setConfig() sets a text of a table of texts by its name", () => {
  using temp = tempFolder();
  const file = temp.write("conf/config.toml", '[topics."orders"]\npartitions = 3\n');
  setConfig(optionsFor(join(temp.root, "conf")), 'topics.orders.settings."cleanup.policy"', "compact");
  const { host } = loadConfig(optionsFor(join(temp.root, "conf")));
  assert.deepEqual(host.topics.orders?.settings, { "cleanup.policy": "compact" });
  assert.match(Deno.readTextFileSync(file), /^\[topics\."orders"\]\npartitions = 3\n/);
});
