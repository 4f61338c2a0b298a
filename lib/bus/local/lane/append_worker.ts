/// <reference lib="deno.worker" />
import { openStore } from "../../../store/open_store.ts";
import { WriteTurns } from "../../../store/write_turns.ts";
import { errorChain } from "../../../telemetry/plain.ts";
import { LocalCatalog } from "../catalog.ts";
import { LocalRecords } from "../records.ts";
import { RingReader, type TakenSends } from "./ring_reader.ts";

/** What the Worker needs to begin. */
export interface AppendWorkerStart {
  /** Of the `SendRing`. */
  ring: SharedArrayBuffer;
  /** Memory of the store's `WriteTurns`. */
  turns: SharedArrayBuffer;
  /** The file the sends go to; it exists. */
  storeFile: string;
  /** Each commit waits for the disk. */
  powerSafe: boolean;
  /** Milliseconds it waits for another's lock before it hands sends back. */
  lockWaitMs: number;
}

/** What it says: it runs, it has ended, or it can't go on. */
export type FromAppendWorker = { kind: "ready" } | { kind: "ended" } | { kind: "failed"; error: string };

const post = (message: FromAppendWorker) => self.postMessage(message);

self.onmessage = async ({ data }: MessageEvent<AppendWorkerStart>) => {
  try {
    await serve(data);
    post({ kind: "ended" });
  } catch (error) {
    post({ kind: "failed", error: errorChain(error) });
  }
};

/** Commits what comes through the ring, until it is closed. What fails is handed back, and tried by the other thread. */
async function serve(start: AppendWorkerStart): Promise<void> {
  await using store = await openStore({
    file: start.storeFile,
    powerSafe: start.powerSafe,
    turns: new WriteTurns("first", start.turns),
    checkpoints: "elsewhere",
    lockWaitMs: start.lockWaitMs,
    blocks: true,
    create: false,
  });
  const records = new LocalRecords(new LocalCatalog(Date.now), Date.now);
  const ring = new RingReader(start.ring);
  post({ kind: "ready" });
  while (ring.wait()) {
    if (ring.refusing) {
      ring.settle(ring.take());
      continue;
    }
    let taken: TakenSends | undefined;
    try {
      const positions = await store.write((tx) => {
        // Taken when the transaction has begun: who comes while it waits for the lock is in. It may be run twice.
        taken ??= ring.take();
        return records.append(tx, taken.records);
      });
      if (!taken) continue;
      ring.settle(taken, positions);
    } catch {
      ring.settle(taken ?? ring.take());
    }
  }
}
