import assert from "node:assert/strict";
import { openStore } from "../../lib/store/open_store.ts";
import type { VerifyReport } from "../../plugins/audit/verify/report.ts";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

const ENTRIES = 40;

async function recordsOf(file: string): Promise<number> {
  await using store = await openStore({ file, readOnly: true });
  return store.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM audit_records")?.n ?? 0);
}

async function enter({ admin }: Agent, user: string): Promise<void> {
  const items = Array.from({ length: ENTRIES / 2 }, (_, at) => ({
    user_id: user,
    model: "gpt-4o",
    prompt: `question ${at}`,
    response: "answer",
    request_id: `${user}-${at}`,
  }));
  const response = await fetch(`${admin}/v1/audit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(items),
  });
  assert.equal(response.status, 202, await response.text());
}

Deno.test("an agent's trail verifies offline with the public key alone, and what is done to it is named", async (t) => {
  await using dir = await tempDir();
  await writeConfig(dir.path, {
    upstream: "http://127.0.0.1:9",
    tables: `[plugins.audit]\nenabled = true\ncheckpoint_interval = "1s"\n`,
  });
  const file = `${dir.path}/capstan.sqlite`;
  for (const user of ["ada", "bob"]) {
    await using agent = await startAgent({ dir: dir.path });
    const before = await recordsOf(file);
    await enter(agent, user);
    await until(async () => await recordsOf(file) >= before + ENTRIES / 2 || undefined);
    assert.equal(await agent.stop(), 0, agent.said());
  }
  const config = ["--config-dir", dir.path];
  const [key, kept, proof] = [
    `${dir.path}/trail.vkey`,
    `${dir.path}/audit/checkpoints`,
    `${dir.path}/proof.json`,
  ];
  const printed = await capstan({ args: ["audit", "key", ...config] });
  assert.equal(printed.code, 0, printed.error);
  await Deno.writeTextFile(key, printed.out);
  const verify = async (...args: string[]) => {
    const { code, out, error } = await capstan({ args: ["audit", "verify", "--json", ...args] });
    assert.equal(error, "");
    return { code, report: JSON.parse(out) as VerifyReport };
  };

  await t.step("the file, the topics and the checkpoints kept beside hold", async () => {
    for (const source of [[], ["--topic"], ["--checkpoint", kept]]) {
      const { code, report } = await verify(...config, "--key", key, ...source);
      assert.deepEqual([code, report.damages, report.remarks], [0, [], []], source.join());
      const [writer] = report.writers;
      assert.ok(writer && writer.records >= ENTRIES + 1);
      assert.equal(writer.covered, writer.records);
      assert.ok(writer.checkpoints >= 2);
    }
    const said = await capstan({ args: ["audit", "verify", ...config, "--key", printed.out.trim()] });
    assert.match(said.out, /^w-[0-9a-f]{16}: \d+ records, \d+ checkpoints hold, all covered\.\nSound\.\n$/);
  });

  await t.step("a record is proven to who has the proof and the key alone", async () => {
    const made = await capstan({ args: ["audit", "prove", "bob-3", "--out", proof, ...config] });
    assert.deepEqual([made.code, made.out, made.error], [0, "", ""]);
    const check = async (with_: string) =>
      await capstan({
        args: ["audit", "check", proof, "--key", with_, "--config-dir", `${dir.path}/nowhere`],
      });
    const held = await check(key);
    assert.equal(held.code, 0, held.error);
    assert.match(held.out, /^Holds: record \d+ of w-[0-9a-f]{16} is one of the \d+ that are signed\.\n$/);
    await Deno.writeTextFile(proof, (await Deno.readTextFile(proof)).replace(/"seq": \d+/, '"seq": 2'));
    const changed = await check(key);
    assert.equal(changed.code, 1);
    assert.match(changed.out, /^DOES NOT HOLD: record 2 is not under the signed root/);
    await using store = await openStore({ file, readOnly: true });
    const first = store.read((db) =>
      db.get<{ size: number }>("SELECT min(size) AS size FROM audit_checkpoints")?.size
    );
    const grown = await capstan({
      args: ["audit", "prove", "--from", String(first), "--out", proof, ...config],
    });
    assert.equal(grown.code, 0, grown.error);
    assert.match((await check(key)).out, /^Holds: the first \d+ of the \d+ signed records/);
  });

  await t.step("wrong use is 2, and says what to give", async () => {
    const uses: [string[], RegExp][] = [
      [["audit", "verify"], /^error: Cannot verify without a public key: give --key/],
      [["audit", "verify", "--key", "nothing"], /it is no key .* and no file/],
      [
        ["audit", "verify", "--key", key, "--topic", "--store", file],
        /Cannot verify both --store and --topic/,
      ],
      [["audit", "verify", "--key", key, "--checkpoint", "/nowhere"], /Cannot verify against \/nowhere/],
      [["audit", "verify", "--key", key, "--export", "/nowhere"], /Cannot verify \/nowhere/],
      [
        ["audit", "verify", "--key", key, "--export", `${dir.path}/config.toml`],
        /config\.toml: it is no export of a trail, which begins with \{"format":"capstan-audit-export","v":1\}; give/,
      ],
      [["audit", "prove"], /give a record, or --from/],
      [["audit", "check", "/nowhere", "--key", key], /Cannot check \/nowhere/],
    ];
    for (const [args, said] of uses) {
      const { code, error } = await capstan({ args: [...args, ...config] });
      assert.equal(code, 2, args.join(" "));
      assert.match(error, said);
    }
  });

  await t.step("a file without a trail is not sound", async () => {
    const other = `${dir.path}/other.sqlite`;
    await (await openStore({ file: other }))[Symbol.asyncDispose]();
    const { code, error } = await capstan({
      args: ["audit", "verify", "--key", key, "--store", other, ...config],
    });
    assert.equal(code, 1);
    assert.match(
      error,
      /^error: Cannot verify .*other\.sqlite: no record of a trail is in it; give the file/,
    );
  });

  await t.step("a record that is changed in the file is named; the topics are whole still", async () => {
    const copy = `${dir.path}/copy.sqlite`;
    await Deno.copyFile(file, copy);
    {
      await using store = await openStore({ file: copy });
      await store.write((tx) =>
        tx.run(
          "UPDATE audit_records SET record = CAST(replace(record, 'gpt-4o', 'gpt-4x') AS BLOB) WHERE seq = 7",
        )
      );
    }
    const { code, report } = await verify("--key", key, "--store", copy);
    assert.equal(code, 1);
    const [first] = report.damages;
    assert.deepEqual([first?.kind, first?.seq], ["altered", 7]);
    assert.equal((await verify(...config, "--key", key, "--topic")).code, 0);
  });
});
