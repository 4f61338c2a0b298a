import type { Bus } from "../bus/bus.ts";
import type { BusRecord } from "../bus/contract.ts";
import { emptyRecords } from "../bus/local/empty_records.ts";
import { deadLetterTopic } from "../bus/stream/dead_letters.ts";
import { decodeRecords } from "../bus/stream/decode.ts";
import { DecodedRecord } from "../bus/stream/stream_record.ts";
import type { Reader, Store } from "../store/contract.ts";
import { openStore } from "../store/open_store.ts";
import type { SqliteStore } from "../store/sqlite_store.ts";
import { zeroFreePages } from "../store/zero_free_pages.ts";
import type { Erasure, ErasureOutcome, ErasureReport, ErasureSubject, ProgressStep } from "./contract.ts";
import type { Registry } from "./registry.ts";

/** What an erasure needs. */
export interface EraseOptions {
  subject: ErasureSubject;
  show(step: ProgressStep): Promise<void>;
  bus: Bus;
  storeFile: string;
  registry: Registry;
  /** Whether records of the local log go to Kafka. */
  relays: boolean;
  signal: AbortSignal;
}

/** What a running agent had in hand is entered meanwhile; it is looked for once more, so often at most. */
const PASSES = 4;
/** Milliseconds for which a WAL in use is waited for, and between two looks. */
const WAL = { waitMs: 10_000, everyMs: 50 };

/** Removes a subject from what all plugins keep, then from free pages and the WAL; see `CommandCall.erase`. */
export async function eraseSubject(options: EraseOptions): Promise<ErasureOutcome> {
  const { storeFile, show, signal, registry } = options;
  await using store = await openStore({ file: storeFile, create: false, erasing: true });
  const names = namesOf(options);
  const reports = new Map<string, Required<ErasureReport>>();
  const relayed = new Set<string>();
  for (let pass = 0; pass < PASSES; pass++) {
    let removed = 0;
    for (const { plugin, handler } of registry.erasers.toReversed()) {
      for (const subject of names) {
        const report = await handler(erasure({ ...options, subject }, store, relayed));
        removed += Object.values(report.removed).reduce((sum, count) => sum + count, 0);
        reports.set(plugin, added(reports.get(plugin), report));
      }
    }
    if (removed === 0) break;
  }
  await zeroFreePages(store, { onStep: (done) => show({ what: "overwriting free pages", done }), signal });
  const beyond = [...relayed].map((topic) =>
    `Topic ${topic} on Kafka: what was sent there stays until the topic's retention is over.`
  );
  if (!await cutWal(store, signal)) {
    beyond.push(
      `The write-ahead log ${storeFile}-wal: somebody reads or writes without a pause; it is overwritten by and by. ` +
        "Run it again to see it done.",
    );
  }
  return { plugins: [...reports].map(([plugin, report]) => ({ plugin, ...report })), beyond };
}

/** The subject as it was named, and as redaction names it. */
function namesOf({ subject, bus }: EraseOptions): ErasureSubject[] {
  const { redaction } = bus.codecs;
  const redacted = { tenant: redaction.identity(subject.tenant), user: redaction.identity(subject.user) };
  return redacted.user === subject.user && redacted.tenant === subject.tenant
    ? [subject]
    : [subject, redacted];
}

function erasure(options: EraseOptions, store: Store, relayed: Set<string>): Erasure {
  const { subject, show, bus, signal, registry, relays } = options;
  return {
    subject,
    show,
    signal,
    store: { write: (work, how) => store.write(work, how), read: (work) => store.read(work) },
    emptyRecords: async (topic, matches) => {
      const real = bus.names.real(topic);
      if (relays && !registry.topics.isLocalOnly(topic)) relayed.add(real);
      const codec = bus.codecs.of(topic);
      const seen = (record: BusRecord, db: Reader) => {
        const [decoded] = decodeRecords([record], { topic, codec }).records;
        return matches(decoded ?? new DecodedRecord(record, topic, record.value), db);
      };
      let emptied = 0;
      for (const each of [real, deadLetterTopic(real)]) {
        emptied += await emptyRecords(bus.log, store, {
          topic: each,
          matches: seen,
          onChunk: (done) => show({ what: `looking through ${each}`, done }),
          signal,
        });
      }
      return emptied;
    },
  };
}

function added(before: Required<ErasureReport> | undefined, report: ErasureReport): Required<ErasureReport> {
  const removed: Record<string, number> = { ...before?.removed };
  for (const [what, count] of Object.entries(report.removed)) removed[what] = (removed[what] ?? 0) + count;
  return { removed, beyond: [...new Set([...before?.beyond ?? [], ...report.beyond ?? []])] };
}

/** `false`: it is in use for longer than is waited for. */
async function cutWal(store: SqliteStore, signal: AbortSignal): Promise<boolean> {
  const until = performance.now() + WAL.waitMs;
  while (!store.truncateWal()) {
    signal.throwIfAborted();
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, WAL.everyMs));
  }
  return true;
}
