import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { capstan, capstanCommand } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { tempDir } from "./temp_dir.ts";

async function withConfig(toml: string, args: readonly string[]) {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/config.toml`, toml);
  const finished = await capstan({ args: [...args, "--config-dir", dir.path] });
  return { ...finished, file: `${dir.path}/config.toml` };
}

Deno.test("an unknown key ends with 78, and names file, line, key and the nearest key", async () => {
  for (const args of [["run"], ["config", "check"], ["log"], ["tail", "tapes.nodes.v1"]]) {
    const { code, out, error, file } = await withConfig(
      '[plugins.tapes]\nlisten = "127.0.0.1:0"\nupstraem = "x"\n',
      args,
    );
    assert.equal(code, 78, args.join(" "));
    assert.ok(error.includes(`${file}:3`), error);
    assert.match(error, /plugins\.tapes\.upstraem/);
    assert.match(error, /did you mean .*upstream/);
    assert.doesNotMatch(out + error, /\n\s+at /, "a stack trace");
  }
});

Deno.test("a value of the wrong type, and a file that is no TOML, end with 78", async () => {
  const wrongType = await withConfig("[store]\npower_safe = 1\n", ["run"]);
  assert.equal(wrongType.code, 78);
  assert.match(wrongType.error, /config\.toml:2.*store\.power_safe/);
  const noToml = await withConfig("[store\n", ["run"]);
  assert.equal(noToml.code, 78);
  assert.match(noToml.error, /config\.toml:\d+:\d+: this is not TOML/);
});

Deno.test("wrong usage ends with 2 and says where help is", async () => {
  for (
    const args of [
      ["tail"],
      ["tail", "t", "--max", "none"],
      ["publish", "t", "--header", "x"],
      ["config", "sho"],
      ["rnu"],
      [
        "serve",
        "proxy",
        "--nope",
      ],
      ["config"],
    ]
  ) {
    const { code, error } = await capstan({ args });
    assert.equal(code, 2, `${args.join(" ")}: ${error}`);
  }
  assert.match((await capstan({ args: ["rnu"] })).error, /Did you mean run\?/);
});

Deno.test("a plugin's command that is called wrongly ends with 2, a port that is none with 78", async () => {
  await using dir = await tempDir();
  const call = (...args: string[]) =>
    capstan({ args: [...args, "--config-dir", dir.path], env: { CAPSTAN_ADMIN_LISTEN: "127.0.0.1:0" } });
  // Makes the file.
  assert.equal((await call("publish", "t", "--create")).code, 0);
  const limit = await call("log", "--limit", "none");
  assert.deepEqual([limit.code, limit.error.split("\n")[0]], [
    2,
    "error: Cannot list none conversations: --limit takes a whole number from 1 on",
  ]);
  const stars = await call("feedback", "chatcmpl-1", "--stars", "9");
  assert.equal(stars.code, 2);
  assert.match(stars.error, /^error: Cannot judge chatcmpl-1: stars: .*; capstan feedback --help shows/);
  const port = await call("run", "--listen", "127.0.0.1:65536");
  assert.equal(port.code, 78);
  assert.match(
    port.error,
    /flag --listen: plugins\.tapes\.listen is "127\.0\.0\.1:65536"; it must be an address/,
  );
});

Deno.test("commands on the bus take brokers as a flag, and say what to check where none answers", async () => {
  await using dir = await tempDir();
  for (
    const args of [["topics", "list"], ["groups", "list"], ["tail", "t", "--from-beginning"], ["dlq", "list"]]
  ) {
    const { code, error } = await capstan({
      args: [...args, "--config-dir", dir.path, "--kafka-bootstrap-servers", "127.0.0.1:1"],
    });
    assert.equal(code, 1, args.join(" "));
    assert.match(error, /no broker answers \(.*\); start one, or check bootstrap_servers/);
  }
});

Deno.test("a configuration that can't be written is refused with the reason", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "");
  const { code, error } = await capstan({ args: ["init", "--config-dir", `${dir.path}/file/conf`] });
  assert.equal(code, 78);
  assert.match(error, /Cannot make .*config\.toml: .*ENOTDIR.*; check its folder/);
});

Deno.test("--help of every command prints usage and examples, and ends with 0", async () => {
  const root = await capstan({ args: ["--help"] });
  assert.equal(root.code, 0);
  const names = [...root.out.matchAll(/^ {2}([a-z]+)\b.*$/gm)].map((match) => match[1] ?? "")
    .filter((name) => !["help", "capstan"].includes(name));
  for (
    const expected of [
      "run",
      "serve",
      "init",
      "trust",
      "config",
      "tail",
      "publish",
      "outbox",
      "status",
      "log",
      "show",
    ]
  ) {
    assert.ok(names.includes(expected), `${expected} is not in:\n${root.out}`);
  }
  for (const name of new Set(names)) {
    const { code, out } = await capstan({ args: [name, "--help"] });
    assert.equal(code, 0, name);
    assert.match(out, /^Usage: capstan /, name);
  }
});

Deno.test("a file that is not there is an error for commands that read it, and stays away", async () => {
  await using dir = await tempDir();
  const missing = ["--config-dir", dir.path, "--sqlite", `${dir.path}/capstam.sqlite`];
  for (
    const args of [
      ["log"],
      ["show", "0198f3c2"],
      ["derive", "--again"],
      [
        "tail",
        "tapes.nodes.v1",
      ],
      ["outbox", "drain"],
      ["tail", "tapes.nodes.v1", "--group", "g"],
    ]
  ) {
    const { code, error } = await capstan({ args: [...args, ...missing] });
    assert.equal(code, 1, args.join(" "));
    assert.match(
      error,
      /capstam\.sqlite: there is no such file; check the path, or start with: capstan run\n/,
      args.join(" "),
    );
  }
  assert.deepEqual([...Deno.readDirSync(dir.path)], []);
});

Deno.test("status tells of every agent on a file, and of none that was killed", async () => {
  await using dir = await tempDir();
  await writeConfig(dir.path, { upstream: "http://127.0.0.1:9" });
  const status = async () => (await capstan({ args: ["status", "--config-dir", dir.path] })).out;
  await using first = await startAgent({ dir: dir.path });
  await using second = await startAgent({ dir: dir.path });
  const both = await status();
  for (const { pid, proxy } of [first, second]) {
    assert.match(both, new RegExp(`ok, pid ${pid}\\b`));
    assert.ok(both.includes(proxy), both);
  }
  assert.doesNotMatch(both, /\.dlq/, "empty dead-letter topics are no news");
  await second.kill();
  const one = await status();
  assert.match(one, new RegExp(`ok, pid ${first.pid}\\b`));
  assert.doesNotMatch(one, new RegExp(`pid ${second.pid}\\b`));
  assert.equal(await first.stop(), 0);
  assert.match(await status(), /no agent runs/);
});

Deno.test("a reader that leaves early ends the program quietly", async () => {
  const child = capstanCommand({ args: ["--help"], stdin: "null" }).spawn();
  await child.stdout.cancel();
  const { code, stderr } = await finish(child);
  assert.equal(code, 0);
  assert.equal(stderr, "");
});

async function finish(child: Deno.ChildProcess): Promise<{ code: number; stderr: string }> {
  const stderr = await new Response(child.stderr).text();
  return { code: (await child.status).code, stderr };
}
