import assert from "node:assert/strict";
import process from "node:process";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { tempDir } from "./temp_dir.ts";

Deno.test("a master key that can't be used ends run and commands with 78, naming the file and what to do", async () => {
  await using dir = await tempDir();
  await writeConfig(dir.path, {
    upstream: "http://127.0.0.1:9",
    tables: "[plugins.audit]\nenabled = true\n",
  });
  const file = `${dir.path}/audit/master.key`;
  const call = (args: string[], env: Record<string, string> = {}) =>
    capstan({ args: [...args, "--config-dir", dir.path], env });
  const entry = ["--user", "ada", "--model", "m", "--prompt", "p", "--response", "r"];
  assert.equal((await call(["audit", "log", ...entry])).code, 0);
  const made = await Deno.readTextFile(file);
  const put = async (text: string, mode = 0o600) => {
    await Deno.remove(file, { recursive: true });
    await Deno.writeTextFile(file, text, { mode });
    await Deno.chmod(file, mode);
  };
  const refused = async (what: string, why: RegExp, env: Record<string, string> = {}) => {
    for (const args of [["run"], ["audit", "search"]]) {
      const { code, error } = await call(args, env);
      assert.equal(code, 78, `${what}: ${args}: ${error}`);
      assert.match(error, why, what);
      if (env.CAPSTAN_AUDIT_MASTER_KEY === undefined) assert.ok(error.includes(file), error);
    }
  };
  await put("c2hvcnQ=\n");
  await refused("too short", /5 bytes long; give 32 bytes as base64 or 64 hexadecimal digits/);
  await put(`${btoa("x".repeat(32))}\n`);
  await refused("another one", /holds [0-9a-f]{16}; put the right key there/);
  if (process.platform !== "win32") {
    await put(made, 0o640);
    await refused("others' too", /other users can read it; chmod 600/);
  }
  await Deno.remove(file);
  await refused("gone", /there is no .*put it back from its copy/);
  await Deno.mkdir(file, { mode: 0o700 });
  await refused("a folder", /Cannot read .*let the agent's user read it/);
  await put(made);
  await refused(
    "short, of the environment",
    /of plugins\.audit\.master_key \(CAPSTAN_AUDIT_MASTER_KEY\) is 5 bytes/,
    {
      CAPSTAN_AUDIT_MASTER_KEY: "c2hvcnQ=",
    },
  );
  assert.equal((await call(["audit", "search"])).code, 0);
});
