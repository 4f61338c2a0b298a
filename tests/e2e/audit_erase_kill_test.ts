import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cp } from "node:fs/promises";
import type { Reader } from "capstan";
import { openStore } from "../../lib/store/open_store.ts";
import { startAgent } from "./agent.ts";
import { capstan, capstanCommand } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

const ANN = "ann.q7x9@example.org";
const BEA = "bea.k2m4@example.org";
const CALLS = 40;
/** Long enough for pages of its own. */
const words = (name: string, number: number) => `${name} confided ${number} `.repeat(200);

/** What is in the file, of which nothing of others may go. */
interface State {
  /** By user. */
  turns: Record<string, number>;
  keys: { kept: number; destroyed: number };
  /** What the records of erasures say was done. */
  erasures: string[];
}

/** Where the erasing process is killed: so many looks after the file has said so. */
const POINTS: { where: string; looks: number; reached: (now: State) => boolean }[] = [
  { where: "once the keys are destroyed", looks: 0, reached: ({ erasures }) => erasures.length > 0 },
  { where: "some looks later", looks: 10, reached: ({ erasures }) => erasures.length > 0 },
  { where: "behind the turns", looks: 0, reached: ({ turns }) => turns[ANN] === undefined },
  { where: "later still", looks: 12, reached: ({ turns }) => turns[ANN] === undefined },
];

Deno.test("an erasure killed with SIGKILL at any point is finished by the next: nothing of the person is left, nothing of others gone", async (t) => {
  await using dir = await tempDir();
  const whole = `${dir.path}/whole`;
  await Deno.mkdir(whole);
  await fill(whole);
  const before = await stateOf(whole);
  assert.deepEqual(before.turns, { [ANN]: CALLS, [BEA]: CALLS });
  for (const [at, { where, looks, reached }] of POINTS.entries()) {
    await t.step(where, async () => {
      const folder = `${dir.path}/${at}`;
      // A process that was quicker than who watches it is no test of this.
      for (let left = looks, attempt = 0; !await killed(whole, folder, { looks: left, reached }); attempt++) {
        assert.ok(attempt < 20, "the process ended before it was killed, each time");
        left = Math.max(0, left - 3);
      }
      await assertErasable(folder, before);
    });
  }
});

/** Makes a file with turns and entries of two people, who have the first message in common. */
async function fill(folder: string): Promise<void> {
  await using upstream = await startStandIn();
  await writeConfig(folder, { upstream: upstream.origin, tables: "[plugins.audit]\nenabled = true\n" });
  await using agent = await startAgent({ dir: folder });
  for (let number = 0; number < CALLS; number++) {
    for (const [name, user] of [["ann", ANN], ["bea", BEA]] as const) {
      const response = await fetch(`${agent.proxy}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-capstan-user": user },
        body: JSON.stringify({
          model: "stand-in-1",
          messages: [{ role: "system", content: "Shared by all." }, {
            role: "user",
            content: words(name, number),
          }],
        }),
      });
      await response.text();
      assert.equal(response.status, 200);
    }
  }
  await until(async () => (await stateOf(folder)).turns[BEA] === CALLS || undefined);
  assert.equal(await agent.stop(), 0, agent.said());
}

/** Erases ann from a copy, and kills that as soon as it is reached. False: it had ended. */
async function killed(
  from: string,
  folder: string,
  { looks, reached }: { looks: number; reached: (now: State) => boolean },
): Promise<boolean> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await cp(from, folder, { recursive: true });
  const args = ["audit", "erase", "--user", ANN, "--yes", "--config-dir", folder];
  const child = capstanCommand({ args, stdin: "null" }).spawn();
  const output = child.output();
  let ended = false;
  const end = output.then(() => ended = true);
  await using store = await openStore({ file: `${folder}/capstan.sqlite`, readOnly: true });
  for (let left = looks; !ended; left -= store.read((db) => reached(readState(db))) ? 1 : 0) {
    if (left < 0) break;
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve))]);
  }
  if (!ended) child.kill("SIGKILL");
  const { signal } = await output;
  const { erasures } = store.read(readState);
  return signal === "SIGKILL" && erasures.join() === "keys_destroyed";
}

/** Erases again, to the end, and looks at what is left. */
async function assertErasable(folder: string, before: State): Promise<void> {
  const call = async (...args: string[]) => {
    const { code, out, error } = await capstan({ args: [...args, "--config-dir", folder] });
    assert.equal(code, 0, `${args}: ${error}`);
    return out;
  };
  const out = await call("audit", "erase", "--user", ANN, "--yes");
  assert.doesNotMatch(out, /insights/, "that plugin is disabled, and kept nothing");
  for (const text of [ANN, "ann confided"]) {
    for (const file of ["capstan.sqlite", "capstan.sqlite-wal", "audit/checkpoints"]) {
      const bytes = await Deno.readFile(`${folder}/${file}`).catch(() => new Uint8Array());
      assert.ok(!Buffer.from(bytes).includes(text), `${text} is in ${file}`);
    }
  }
  const { turns, keys, erasures } = await stateOf(folder);
  assert.deepEqual(turns, { [BEA]: CALLS });
  assert.deepEqual({ ...keys }, { kept: before.keys.kept - 1, destroyed: 1 });
  assert.deepEqual(erasures, ["keys_destroyed", "data_removed"]);
  const opened = async (user: string) => {
    const lines = (await call("audit", "search", "--user", user, "--limit", "100", "--json")).trim().split(
      "\n",
    );
    return lines.map((line) => JSON.parse(line)).filter(({ record }) => record.kind === "turn").map((each) =>
      each.content
    );
  };
  assert.deepEqual(await opened(ANN), Array(CALLS).fill(null));
  assert.ok((await opened(BEA)).every((content) => content.prompt.includes("bea confided")));
  await call("audit", "verify", "--key", await keyFile(folder, await call("audit", "key")));
  assert.match(await call("audit", "erase", "--user", ANN, "--yes"), /^Nothing was kept/);
  assert.equal((await stateOf(folder)).erasures.length, 2, "what is done is not done again");
}

async function keyFile(folder: string, key: string): Promise<string> {
  await Deno.writeTextFile(`${folder}/trail.vkey`, key);
  return `${folder}/trail.vkey`;
}

async function stateOf(folder: string): Promise<State> {
  await using store = await openStore({ file: `${folder}/capstan.sqlite`, readOnly: true });
  return store.read(readState);
}

function readState(db: Reader): State {
  const turns = db.all<{ user: string; n: number }>(
    "SELECT user, count(*) AS n FROM tapes_turns_v1 GROUP BY user",
  );
  const erasures = db.all<{ record: Uint8Array }>(
    "SELECT record FROM audit_records WHERE kind = 'erasure' ORDER BY seq",
  );
  return {
    turns: Object.fromEntries(turns.map(({ user, n }) => [user, n])),
    keys: db.get<State["keys"]>(
      "SELECT count(wrapped) AS kept, count(*) - count(wrapped) AS destroyed FROM audit_keys",
    )!,
    erasures: erasures.map(({ record }) => JSON.parse(Buffer.from(record).toString()).facts.action),
  };
}
