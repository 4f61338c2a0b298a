/**
 * Entering records in the trail, on one thread and a real file: what a record costs, sealed, chained and in the tree, from the first
 * to the last.
 */
import process from "node:process";
import { encodeRequest } from "../../lib/bus/encode.ts";
import { type LocalBus, openLocalLog } from "../../lib/bus/local/local_bus.ts";
import { TopicCodecs } from "../../lib/bus/topic_codecs.ts";
import { openStore } from "../../lib/store/open_store.ts";
import type { SqliteStore } from "../../lib/store/sqlite_store.ts";
import type { Keyring } from "../../plugins/audit/seal/keyring.ts";
import { openKeyring } from "../../plugins/audit/seal/open_keyring.ts";
import { appendPrepared } from "../../plugins/audit/trail/append_records.ts";
import { prepareRecords } from "../../plugins/audit/trail/prepare_records.ts";
import { AUDIT_MIGRATIONS } from "../../plugins/audit/trail/tables.ts";
import type { TurnEvent } from "../../plugins/audit/trail/turn_event.ts";
import { turnRecord } from "../../plugins/audit/trail/turn_record.ts";
import { short, table } from "./table.ts";

const TOPIC = "ai.audit";
const WINDOWS = 4;

/** A trail in a file, entered into by this thread. */
export class BenchTrail implements AsyncDisposable {
  /** Milliseconds spent within transactions so far. */
  inTransaction = 0;
  #entered = 0;
  readonly #store: SqliteStore;
  readonly #log: LocalBus;
  readonly #keyring: Keyring;

  private constructor(store: SqliteStore, log: LocalBus, keyring: Keyring) {
    this.#store = store;
    this.#log = log;
    this.#keyring = keyring;
  }

  /** Makes it in a folder, as an agent's. */
  static async open(dir: string): Promise<BenchTrail> {
    const store = await openStore({ file: `${dir}/capstan.sqlite`, checkpoints: "elsewhere" });
    const log = await openLocalLog(store);
    await log.topics.apply([{ name: TOPIC, partitions: 6 }]);
    await store.migrate("audit", AUDIT_MIGRATIONS);
    return new BenchTrail(store, log, await openKeyring(store, { folder: `${dir}/audit` }));
  }

  /** Records entered so far. */
  get entered(): number {
    return this.#entered;
  }

  /** Enters turns in one transaction, as the trail's Worker does. */
  async enter(batch: number): Promise<void> {
    const inputs = Array.from({ length: batch }, () => turnRecord(turn(this.#entered++)));
    const prepared = prepareRecords(inputs, this.#keyring);
    await this.#store.write((tx) => {
      const begun = performance.now();
      const options = { topic: TOPIC, keyring: this.#keyring, now: Date.now() };
      const { requests } = appendPrepared(tx, prepared, options);
      this.#log.append(tx, requests.map((request) => encodeRequest(request, encoding)));
      this.inTransaction += performance.now() - begun;
    });
  }

  /** Copies the WAL into the file. */
  checkpoint(): void {
    this.#store.checkpoint();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log.close();
    await this.#store.close();
  }
}

/** Records entered a second. */
export async function auditTrail({ records, batch }: { records: number; batch: number }): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "capstan-bench-" });
  const rows: string[][] = [];
  {
    await using trail = await BenchTrail.open(dir);
    for (let window = 1; window <= WINDOWS; window++) {
      const [cpu, started] = [process.cpuUsage(), performance.now()];
      const [entered, inTransaction] = [trail.entered, trail.inTransaction];
      while (trail.entered < (window * records) / WINDOWS) await trail.enter(batch);
      trail.checkpoint();
      const { user, system } = process.cpuUsage(cpu);
      const count = trail.entered - entered;
      rows.push([
        `${trail.entered}`,
        short(count / ((performance.now() - started) / 1_000)),
        short((user + system) / count),
        short(((trail.inTransaction - inTransaction) / count) * 1_000),
      ]);
    }
  }
  await Deno.remove(dir, { recursive: true });
  return table(["records of the trail", "entered/s", "µs CPU a record", "µs in the transaction"], rows);
}

const encoding = { realName: (topic: string) => topic, codecs: new TopicCodecs() };
const ANSWER = "Paris is the capital of France and has been so for most of the last thousand years. ".repeat(
  8,
);

function turn(number: number): TurnEvent {
  const id = crypto.randomUUID();
  const block = (text: string) => [{ type: "text", text }];
  return {
    id,
    revision: 1,
    conversation: id,
    user: `user-${number % 500}`,
    agent: "bench",
    endpoint: "chat.completions",
    provider: "openai",
    model: "bench-1",
    status: 200,
    outcome: "complete",
    started_at: "2026-01-02T03:04:05.678Z",
    ended_at: "2026-01-02T03:04:06.789Z",
    stop_reason: "stop",
    response_id: "chatcmpl-bench",
    messages: [{ hash: "a".repeat(64), role: "user", content: block(`Question ${number}: what is it?`) }],
    answers: [{ hash: "b".repeat(64), role: "assistant", content: block(ANSWER) }],
  };
}
