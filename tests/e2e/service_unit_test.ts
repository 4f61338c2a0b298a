import assert from "node:assert/strict";
import { join } from "node:path";
import { parseDuration } from "../../lib/config/duration.ts";
import { envNames } from "../../lib/config/env_names.ts";
import { hostSchema } from "../../lib/config/host.ts";
import { leavesOf } from "../../lib/config/root.ts";
import { tempDir } from "./temp_dir.ts";

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
const unit = /^```ini\n(\[Unit\][\s\S]*?)^```$/m.exec(readme)?.[1] ?? "";
/** The same with what it has commented out for secrets. */
const withSecrets = unit.replaceAll(/^#(?=LoadCredential|Environment)/gm, "");

/** The values of a key, in order. */
function values(key: string, text = unit): string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value ?? "");
}

/** What systemd says of a unit; `undefined` where there is no systemd. */
async function verified(text: string): Promise<string | undefined> {
  await using dir = await tempDir();
  const file = join(dir.path, "capstan.service");
  // The program must be there for the check.
  await Deno.writeTextFile(file, text.replaceAll("/usr/local/bin/capstan", Deno.execPath()));
  try {
    const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["verify", "--man=no", file],
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return code === 0 ? said : `${said}(${code})`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("README's unit is one that systemd takes, with secrets and without, where systemd is", async () => {
  assert.ok(unit.includes("ExecStart="));
  for (const text of [unit, withSecrets]) assert.equal(await verified(text) ?? "", "");
  const wrong = await verified(unit.replace("ProtectHome=yes", "ProtectHomes=yes"));
  if (wrong !== undefined) assert.match(wrong, /ProtectHomes/);
});

Deno.test("README's unit gives a stop more time than calls under way get", () => {
  const drain = parseDuration(String(drainTimeout()));
  assert.ok(drain !== undefined);
  assert.ok(Number(values("TimeoutStopSec")[0]) * 1_000 > drain + 5_000);
  assert.deepEqual(values("KillSignal"), ["SIGTERM"]);
});

function drainTimeout(): unknown {
  return leavesOf(hostSchema).find(({ path }) => path.join(".") === "agent.drain_timeout")?.setting.default;
}

Deno.test("README's unit does not start again what a wrong command line or configuration ended", () => {
  assert.deepEqual(values("RestartPreventExitStatus"), ["2 78"]);
});

Deno.test("README's unit sets variables that are settings", () => {
  const known = new Set(leavesOf(hostSchema).flatMap(({ path, setting }) => envNames(path, setting)));
  const others = ["CAPSTAN_CONFIG_DIR", "CAPSTAN_CACHE"];
  for (const each of values("Environment", withSecrets)) {
    const name = each.split("=")[0] ?? "";
    assert.ok(known.has(name.replace(/_FILE$/, "")) || others.includes(name), name);
  }
});
