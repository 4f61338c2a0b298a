import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { readTrail, type Trail } from "./trail.ts";
import { haveTurns } from "./turns.ts";

/** Entries logged at least; AUDIT_KILL_RECORDS asks for more. */
const RECORDS = Number(Deno.env.get("AUDIT_KILL_RECORDS") ?? 5_000);
/** How many lives the agent has; all but the last end by SIGKILL. */
const LIVES = 4;
const IN_FLIGHT = 64;

/** What was logged over all lives. */
class Ledger {
  /** Ids that were told, by request id. */
  readonly acknowledged = new Map<string, string>();
  #again: string[] = [];
  #made = 0;

  /** The next request id; one whose answer did not come is sent again, as a program does that was not told. */
  next(most: number): string | undefined {
    const again = this.#again.pop();
    return again ?? (this.#made < most ? `request ${this.#made++}` : undefined);
  }

  unanswered(request: string): void {
    this.#again.push(request);
  }
}

interface Load {
  readonly agent: Agent;
  readonly ledger: Ledger;
  /** Entries after which there is nothing left to log. */
  readonly most: number;
  onAcknowledged(): void;
}

/** Logs until there is nothing left, or the agent is gone. */
async function logAll({ agent, ledger, most, onAcknowledged }: Load): Promise<void> {
  const one = async (request: string) => {
    const response = await fetch(`${agent.admin}/v1/audit`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        user_id: `user-${Number(request.slice(8)) % 50}`,
        model: "stand-in-1",
        prompt: `prompt of ${request}`,
        response: `answer of ${request}`,
        request_id: request,
      }),
    });
    const { id } = await response.json();
    assert.equal(response.status, 202);
    ledger.acknowledged.set(request, id);
    onAcknowledged();
  };
  const lane = async () => {
    for (let request = ledger.next(most); request !== undefined; request = ledger.next(most)) {
      try {
        await one(request);
      } catch {
        return ledger.unanswered(request);
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

/** Bytes of a file; 0 where there is none. */
function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

Deno.test(`kill -9 while ${RECORDS} entries are logged and calls are proxied: each acknowledged one is in the trail once, and the trail holds`, async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const tables = '[plugins.audit]\nenabled = true\ncheckpoint_interval = "1s"\ncheckpoint_records = 200';
  await writeConfig(dir.path, { upstream: upstream.origin, tables });
  const ledger = new Ledger();
  const answered: string[] = [];
  const checkpointFile = `${dir.path}/audit/checkpoints`;
  for (let life = 1; life <= LIVES; life++) {
    await using agent = await startAgent({ dir: dir.path });
    const isLast = life === LIVES;
    const [goal, bytes] = [(RECORDS * life) / LIVES, bytesOf(checkpointFile)];
    let killed: Promise<void> | undefined;
    const logging = logAll({
      agent,
      ledger,
      most: isLast ? RECORDS : Infinity,
      onAcknowledged() {
        // In the middle of logging, and once this life has signed a checkpoint, too.
        const isDue = !isLast && ledger.acknowledged.size >= goal && bytesOf(checkpointFile) > bytes;
        if (isDue) killed ??= agent.kill();
      },
    });
    const count = isLast ? 200 : RECORDS;
    const turns = haveTurns({ origin: agent.proxy, name: `turn ${life}`, count, concurrency: 4 });
    await logging;
    answered.push(...(await turns).answered);
    assert.equal(killed !== undefined, !isLast);
    await killed;
    if (isLast) assert.equal(await agent.stop(), 0, agent.said());
  }
  assert.ok(ledger.acknowledged.size >= RECORDS);
  await assertVerified(dir.path);
  const { records, turns, checkpoints } = await readTrail(dir.path);
  assertLogged(records, ledger.acknowledged);
  const proxied = records.filter(({ record }) => record.kind === "turn");
  assert.deepEqual(proxied.map(({ record }) => record.facts.turn).toSorted(), turns.toSorted());
  const prompts = new Set(proxied.map(({ content }) => content?.prompt));
  assert.deepEqual(answered.filter((text) => !prompts.has(text)), []);
  assert.ok(answered.length >= 200, `${answered.length} calls were answered`);
  assert.ok(checkpoints >= LIVES, `${checkpoints} checkpoints`);
});

/** As who was given the public key verifies it. */
async function assertVerified(dir: string): Promise<void> {
  const audit = (...args: string[]) => capstan({ args: ["audit", ...args, "--config-dir", dir] });
  const key = (await audit("key")).out.trim();
  const kept = `${dir}/audit/checkpoints`;
  const { code, out, error } = await audit("verify", "--key", key, "--checkpoint", kept);
  assert.equal(code, 0, out + error);
}

/** Each acknowledged entry has one record, with the id that was told; there is no other. */
function assertLogged(records: Trail["records"], acknowledged: ReadonlyMap<string, string>): void {
  const logged = records.filter(({ record }) => record.kind === "log");
  const ids = new Map(logged.map(({ record, content }) => {
    const request = content?.request_id ?? "";
    assert.deepEqual([content?.prompt, content?.response], [`prompt of ${request}`, `answer of ${request}`]);
    return [request, record.facts.id];
  }));
  assert.equal(logged.length, acknowledged.size);
  for (const [request, id] of acknowledged) assert.equal(ids.get(request), id, request);
}
