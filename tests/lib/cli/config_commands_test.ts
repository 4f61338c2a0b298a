import assert from "node:assert/strict";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { main } from "../../../lib/cli/main.ts";
import { fakeIo } from "./fake_io.ts";

const plugin: Plugin = {
  name: "hello",
  config: {
    greeting: { type: "string", default: "Hello", doc: "What to say." },
    password: { type: "string", secret: true, doc: "Nobody sees it." },
  },
  setup: () => {},
};

/** A temporary home and project, with a way to call the program in it. */
async function workplace() {
  const home = await Deno.makeTempDir({ prefix: "capstan-cli-" });
  const cwd = `${home}/project`;
  await Deno.mkdir(cwd);
  return {
    cwd,
    async capstan(...argv: string[]) {
      const { io, said } = fakeIo({
        env: { HOME: home, CAPSTAN_PLUGINS_HELLO_PASSWORD: "s3cret-s3cret" },
        cwd,
      });
      const code = await main({ argv, plugins: [plugin], io });
      return { code, ...said };
    },
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}

Deno.test("init makes a trusted configuration that config set changes and config get reads", async () => {
  await using place = await workplace();
  const made = await place.capstan("init", "--preset", "openai", "--config-dir", `${place.cwd}/conf`);
  assert.equal(made.code, 0, made.error);
  const set = await place.capstan(
    "config",
    "set",
    "hello.greeting",
    "x",
    "--config-dir",
    `${place.cwd}/conf`,
  );
  assert.equal(set.code, 78, "hello.greeting lies under plugins");
  assert.match(set.error, /hello\.greeting is not a setting.*plugins\.hello\.greeting/);
});

Deno.test("config set keeps the file's other lines, and config get gives the new value", async () => {
  await using place = await workplace();
  await Deno.mkdir(`${place.cwd}/.capstan`);
  const file = `${place.cwd}/.capstan/config.toml`;
  await Deno.writeTextFile(file, '# mine\n[plugins.hello]\ngreeting = "Hi" # short\n');
  assert.equal((await place.capstan("config", "get", "plugins.hello.greeting")).code, 78, "not trusted yet");
  assert.equal((await place.capstan("trust")).code, 0);
  assert.equal((await place.capstan("config", "set", "plugins.hello.greeting", "Good day")).code, 0);
  assert.equal(await Deno.readTextFile(file), '# mine\n[plugins.hello]\ngreeting = "Good day" # short\n');
  assert.equal((await place.capstan("config", "get", "plugins.hello.greeting")).out, "Good day\n");
  assert.equal((await place.capstan("trust", "--revoke")).code, 0);
  assert.equal((await place.capstan("config", "get", "plugins.hello.greeting")).code, 78);
});

Deno.test("config show and list mask secrets and say where values come from", async () => {
  await using place = await workplace();
  const show = await place.capstan("config", "show", "--sqlite", "x.sqlite");
  assert.match(show.out, /^sqlite = ".*x\.sqlite" +# flag --sqlite$/m);
  assert.match(show.out, /^# password = .*# env CAPSTAN_PLUGINS_HELLO_PASSWORD$/m);
  assert.match(show.out, /^greeting = "Hello" +# default$/m);
  const list = await place.capstan("config", "list");
  const json = await place.capstan("config", "show", "--json", "--changed");
  assert.deepEqual(JSON.parse(json.out).map((entry: { key: string }) => entry.key), [
    "plugins.hello.password",
  ]);
  for (const { code, out } of [show, list, json]) {
    assert.equal(code, 0);
    assert.doesNotMatch(out, /s3cret/);
  }
});

Deno.test("config schema is JSON that knows the plugins' settings", async () => {
  await using place = await workplace();
  const schema = JSON.parse((await place.capstan("config", "schema")).out);
  assert.ok(schema.properties.plugins.properties.hello.properties.greeting);
});

Deno.test("config check ends with 0 without a file, and with 78 and every problem in a wrong one", async () => {
  await using place = await workplace();
  const dir = `${place.cwd}/conf`;
  assert.equal((await place.capstan("config", "check", "--config-dir", dir)).code, 0);
  await Deno.mkdir(dir);
  await Deno.writeTextFile(`${dir}/config.toml`, "[plugins.hello]\ngreting = 1\n[store]\npower_safe = 1\n");
  const { code, error } = await place.capstan("config", "check", "--config-dir", dir);
  assert.equal(code, 78);
  assert.match(error, /config\.toml:2.*plugins\.hello\.greting.*did you mean .*greeting/);
  assert.match(error, /config\.toml:4.*store\.power_safe/);
});

Deno.test("init refuses an unknown preset with 2, and a second configuration with 78", async () => {
  await using place = await workplace();
  assert.equal((await place.capstan("init", "--preset", "opnai")).code, 2);
  assert.equal((await place.capstan("init")).code, 0);
  assert.equal((await place.capstan("init")).code, 78);
});

Deno.test("a told folder that is not there is said, once, and nothing is made by looking", async () => {
  await using place = await workplace();
  const dir = `${place.cwd}/none`;
  for (const argv of [["status"], ["config", "show"], ["config", "check"], ["topics", "list"]]) {
    const { error } = await place.capstan(...argv, "--config-dir", dir);
    assert.equal(
      error,
      `warning: ${dir} does not exist: the defaults hold; capstan run makes it, and capstan init a configuration in it\n`,
    );
  }
  await assert.rejects(Deno.stat(dir), Deno.errors.NotFound);
});

Deno.test("config show prints what could be a config.toml, and names the file once", async () => {
  await using place = await workplace();
  const file = `${place.cwd}/conf/config.toml`;
  await Deno.mkdir(`${place.cwd}/conf`);
  await Deno.writeTextFile(file, '[redact]\nphone_country = "DE"\n[redact.actions]\nip = "off"\n');
  const { out } = await place.capstan("config", "show", "--config-dir", `${place.cwd}/conf`);
  assert.match(out, /^phone_country = "DE" +# line 2$/m);
  assert.match(out, /^ip = "off" +# line 4$/m);
  assert.equal(out.split(file).length, 2);
  await Deno.writeTextFile(file, out);
  const again = await place.capstan("config", "show", "--config-dir", `${place.cwd}/conf`);
  const values = (text: string) => text.replaceAll(/#.*/g, "").replaceAll(/ +$/gm, "");
  assert.equal(values(again.out), values(out), again.error);
});
