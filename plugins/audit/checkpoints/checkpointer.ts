import type { Health, Logger, PluginStore, Producer } from "capstan";
import { makeSecretFile } from "../seal/secret_file.ts";
import type { Settings } from "../settings.ts";
import type { RecordInput } from "../trail/record_input.ts";
import { makeWriter, signerOf, writerOf } from "../trail/writer.ts";
import { originOf } from "../tree/checkpoint.ts";
import type { NoteSigner } from "../tree/note_keys.ts";
import { checkpointFile, writeCheckpoints } from "./checkpoint_file.ts";
import { keyRecord } from "./key_record.ts";
import { makeCheckpoint, storeCheckpoint } from "./make_checkpoint.ts";
import { newSigningKey, readSigningKeys, signingKeyFile } from "./signing_keys.ts";

/** What checkpoints are made with. */
export interface CheckpointerOptions {
  readonly settings: Pick<Settings, "folder" | "checkpoint_interval" | "checkpoint_records">;
  readonly store: PluginStore;
  /** Of the topic of checkpoints. */
  readonly producer: Producer;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Enters records. */
  take(inputs: readonly RecordInput[]): Promise<void>;
}

/** Milliseconds between two looks at how many records there are. */
const LOOK_MS = 1_000;

/** Signs checkpoints: at an interval, after so many records, and at the end. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #failure: string | undefined;
  /** When the last one was signed, or there was nothing to sign. */
  #since = 0;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** Makes the signing key the first time, and begins. */
  async start(): Promise<void> {
    const { store, settings, take } = this.#options;
    const writer = await store.write(makeWriter);
    if (store.read(signerOf) === undefined) {
      const [name, file] = [originOf(writer.id), signingKeyFile(settings)];
      const made = newSigningKey(name);
      await makeSecretFile(file, made.pem);
      // Somebody else may have made it in the same moment, or at a start that was cut.
      const [{ signer } = made] = await readSigningKeys(file, name);
      await take([keyRecord("added", signer.verifier.vkey)]);
      await store.write((tx) =>
        tx.run("UPDATE audit_writer SET signer = ? WHERE signer IS NULL", signer.verifier.vkey)
      );
    }
    this.#since = this.#options.now();
    this.#running = this.#run();
  }

  /** Signs none by itself any more. */
  async drain(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Signs a last one. Safe unstarted and twice. */
  async stop(): Promise<void> {
    await this.drain();
    if (!this.#running) return;
    this.#running = undefined;
    await this.#try();
  }

  /** Whether checkpoints can be signed and kept. */
  health(): Health {
    if (this.#failure === undefined) return { status: "ok" };
    return { status: "degraded", detail: `Checkpoints can't be signed: ${this.#failure}` };
  }

  async #run(): Promise<void> {
    const { sleep, settings, now, store } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(Math.min(LOOK_MS, settings.checkpoint_interval), signal);
      if (signal.aborted) return;
      const due = now() - this.#since >= settings.checkpoint_interval;
      if (due || store.read(uncovered) >= settings.checkpoint_records) await this.#try();
    }
  }

  /** Signs where there are new records; says once when that begins to fail, and tries again at the next interval. */
  async #try(): Promise<void> {
    const { log, now } = this.#options;
    this.#since = now();
    try {
      await this.#sign();
      if (this.#failure !== undefined) log.info("Checkpoints are signed again.");
      this.#failure = undefined;
    } catch (error) {
      if (this.#failure === undefined) {
        log.error("A checkpoint could not be signed; it is tried again.", { error });
      }
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  async #sign(): Promise<void> {
    const { store, producer, settings, now } = this.#options;
    if (store.read(uncovered) > 0) {
      const signer = await currentSigner(store, settings);
      const made = store.read((db) => makeCheckpoint(db, [signer]));
      await producer.send(made.note, { key: made.writer });
      await store.write((tx) => storeCheckpoint(tx, made, now()));
    }
    await writeCheckpoints(checkpointFile(settings), store);
  }
}

/** Records that no checkpoint covers. */
function uncovered(db: Parameters<typeof writerOf>[0]): number {
  const last = db.get<{ size: number | null }>("SELECT max(size) AS size FROM audit_checkpoints")?.size ?? 0;
  return (writerOf(db)?.next ?? 0) - last;
}

/**
 * The key that signs now: the one the store names.
 * @throws {Error} it is not in the file; names it.
 */
export async function currentSigner(
  store: Pick<PluginStore, "read">,
  settings: Pick<Settings, "folder">,
): Promise<NoteSigner> {
  const { id, vkey } = store.read((db) => ({ id: writerOf(db)?.id ?? "", vkey: signerOf(db) }));
  const file = signingKeyFile(settings);
  const found = (await readSigningKeys(file, originOf(id))).find(({ signer }) =>
    signer.verifier.vkey === vkey
  );
  if (found) return found.signer;
  throw new Error(
    `Cannot sign checkpoints: the key ${vkey} is not in ${file}; put it back from its copy, or replace it by ` +
      "capstan audit rotate-key --lost",
  );
}
