import assert from "node:assert/strict";
import { join } from "node:path";
import { tempDir } from "./temp_dir.ts";

/** The self-extracting file; its tests are for the executable alone. */
const executable = Deno.env.get("CAPSTAN_EXECUTABLE");
const selfExtracting = executable !== undefined && await isScript(executable);
const only = { ignore: !selfExtracting };

async function isScript(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const head = new Uint8Array(2);
  await file.read(head);
  return new TextDecoder().decode(head) === "#!";
}

/** Starts it with nothing but what is given. */
async function start(path: string, args: string[], env: Record<string, string>, cwd = "/") {
  const { code, stdout, stderr } = await new Deno.Command(path, {
    args,
    cwd,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
}

async function versions(cache: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(cache)) names.push(name);
  return names.sort();
}

Deno.test({
  ...only,
  name: "24 first starts at once all answer, and unpack one version between them",
  async fn() {
    await using dir = await tempDir();
    const cache = join(dir.path, "cache");
    const results = await Promise.all(
      Array.from({ length: 24 }, () => start(executable ?? "", ["version"], { CAPSTAN_CACHE: cache })),
    );
    for (const { code, out, error } of results) {
      assert.equal(error, "");
      assert.equal(code, 0);
      assert.match(out, /^capstan \d/);
    }
    assert.equal((await versions(cache)).length, 1);
  },
});

Deno.test({
  ...only,
  name: "without HOME it unpacks into a folder of this user's own below the temporary one",
  async fn() {
    await using dir = await tempDir();
    const { code, out, error } = await start(executable ?? "", ["version"], { TMPDIR: dir.path });
    assert.deepEqual([code, error], [0, ""]);
    assert.match(out, /^capstan \d/);
    const [made, ...others] = await versions(dir.path);
    assert.match(made ?? "", /^capstan-\d+$/);
    assert.deepEqual(others, []);
    assert.equal((await Deno.stat(join(dir.path, made ?? ""))).mode! & 0o777, 0o700);
  },
});

Deno.test({
  ...only,
  name: "a damaged or cut file says so, unpacks nothing and ends with 1",
  async fn() {
    await using dir = await tempDir();
    const whole = await Deno.readFile(executable ?? "");
    const cut = join(dir.path, "cut");
    await Deno.writeFile(cut, whole.subarray(0, whole.length - 1_000), { mode: 0o755 });
    const altered = join(dir.path, "altered");
    const bytes = whole.slice();
    bytes[bytes.length - 5_000] = (bytes[bytes.length - 5_000] ?? 0) ^ 1;
    await Deno.writeFile(altered, bytes, { mode: 0o755 });
    for (const path of [cut, altered]) {
      const cache = join(dir.path, "cache");
      const { code, out, error } = await start(path, ["version"], { CAPSTAN_CACHE: cache });
      assert.deepEqual([code, out], [1, ""]);
      assert.match(error, /damaged or incomplete; download it again/);
      assert.deepEqual(await versions(cache), []);
    }
  },
});

Deno.test({
  ...only,
  name: "versions that nobody started for a month go when another is unpacked, younger ones stay",
  async fn() {
    await using dir = await tempDir();
    const month = new Date(Date.now() - 40 * 24 * 3_600_000);
    for (const name of ["old", "young"]) {
      await Deno.mkdir(join(dir.path, name));
      await Deno.writeTextFile(join(dir.path, name, "ok"), "");
    }
    await Deno.utime(join(dir.path, "old", "ok"), month, month);
    const { code } = await start(executable ?? "", ["version"], { CAPSTAN_CACHE: dir.path });
    assert.equal(code, 0);
    const left = await versions(dir.path);
    assert.equal(left.length, 2);
    assert.ok(left.includes("young"));
  },
});

Deno.test({
  ...only,
  name: "it starts in a folder that can't be written to, and without a network",
  async fn() {
    await using dir = await tempDir();
    const cache = join(dir.path, "cache");
    const closed = join(dir.path, "closed");
    await Deno.mkdir(closed, { mode: 0o555 });
    // A proxy that does not exist stands for a network that isn't there: whoever asked it would fail.
    const env = {
      CAPSTAN_CACHE: cache,
      HTTPS_PROXY: "http://127.0.0.1:9",
      HTTP_PROXY: "http://127.0.0.1:9",
    };
    const data = join(dir.path, "data");
    await Deno.mkdir(data);
    const { code, out, error } = await start(
      executable ?? "",
      ["config", "show", "--config-dir", data],
      env,
      closed,
    );
    assert.deepEqual([code, error], [0, ""]);
    assert.match(out, /listen/);
  },
});
