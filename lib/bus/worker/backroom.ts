import { openStore } from "../../store/open_store.ts";
import { WriteTurns } from "../../store/write_turns.ts";
import type { Health } from "../../telemetry/health.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { errorChain, toPlain } from "../../telemetry/plain.ts";
import { createRemoteMeter } from "../../telemetry/remote_meter.ts";
import { systemClock } from "../clock.ts";
import { openLocalLog } from "../local/local_bus.ts";
import { Maintenance } from "../maintenance.ts";
import { busMetrics, countedBus } from "../metrics.ts";
import { Pace } from "../pace.ts";
import { NO_REDACTION } from "../no_redaction.ts";
import type { Redaction } from "../redaction.ts";
import { withRowStore } from "../stream/rows_first.ts";
import { Stream } from "../stream/stream.ts";
import { topicCodecs } from "../topic_codecs.ts";
import { TopicNames } from "../topic_names.ts";
import { loadHandler } from "./load_handler.ts";
import type { FromWorker, WorkerLine, WorkerStart } from "./protocol.ts";
import { Told } from "./told.ts";
import { valuesInWorker } from "./values.ts";
import { Watch } from "./watch.ts";
import { WorkNotes } from "./work_notes.ts";

/** Milliseconds between two reports of log lines, metrics and health. */
const REPORT_MS = 100;
/** Milliseconds SQLite may block this thread for the main thread's lock. */
const BUSY_MS = 5_000;

/** What runs in the Worker. */
export interface RunningBackroom {
  /** The main thread appended to these topics. */
  appended(topics: readonly string[]): void;
  /** That stream begins no batch. */
  pause(stream: string): void;
  /** It goes on. */
  resume(stream: string): void;
  /** No stream begins a batch; without a reason all go on. */
  hold(reason: string | undefined): void;
  /** The main thread has taken what it was told under this number, or threw. */
  taken(id: number, error: string | undefined): void;
  /** Makes a stream's state anew, and says how far it is under this number. Never rejects. */
  rebuild(id: number, stream: string): Promise<void>;
  /** Finishes what is under way and closes everything; drops it when `signal` aborts. */
  stop(signal: AbortSignal): Promise<void>;
}

/** Opens the store on this thread and starts the streams and the maintenance. */
export async function startBackroom(
  start: WorkerStart,
  post: (message: FromWorker) => void,
): Promise<RunningBackroom> {
  const lines: WorkerLine[] = [];
  const meter = createRemoteMeter();
  const logger = collectingLogger(lines);
  const names = new TopicNames(start.renamed);
  const redaction = start.redaction ? await loadRedaction(start.redaction) : NO_REDACTION;
  const codecs = await topicCodecs(await valuesInWorker(start.values ?? []), redaction, { late: true });
  const turns = new WriteTurns("second", start.turns);
  const store = await openStore({
    turns,
    checkpoints: "elsewhere",
    file: start.storeFile,
    powerSafe: start.powerSafe,
    busyTimeoutMs: BUSY_MS,
    create: false,
  });
  const log = await openLocalLog(store, {
    log: logger.child({ component: "log" }),
    owner: start.owner,
    ...(start.leaseMs !== undefined && { leaseMs: start.leaseMs, heartbeatMs: start.leaseMs / 4 }),
  });
  for (const owner of start.gone) await log.release(owner);
  let said = "";

  const touched = new Set<string>();
  log.onAppend((topics) => topics.forEach((topic) => touched.add(topic)));
  let committing = false;
  const committed = () => {
    if (committing) return;
    committing = true;
    setImmediate(() => {
      committing = false;
      post({ kind: "committed", topics: [...touched] });
      touched.clear();
    });
  };

  const pace = new Pace(turns, systemClock);
  const driver = start.isBus === true ? countedBus(log, busMetrics(meter)) : log;
  const streams = new Map<string, Stream>();
  const told = new Told(post);
  const watch = new Watch({
    notes: new WorkNotes(start.notes),
    suspects: start.suspects,
    onSettled: (range) => post({ kind: "settled", range }),
  });
  for (const [place, wanted] of start.streams.entries()) {
    const own = logger.child({ component: wanted.plugin });
    const { handler, reset } = await loadHandler(wanted, {
      log: own,
      redact: redaction,
      now: () => systemClock.now(),
      counter: (options) => meter.scope(wanted.metricScope).counter(options),
      read: (work) => store.read(work),
    });
    const stream = new Stream({
      spec: wanted.spec,
      driver: withRowStore(driver, store),
      handler,
      ...(reset && { reset }),
      ...(wanted.hooks && { hooks: told.hooksOf(wanted.spec.name) }),
      realName: (topic) => names.real(topic),
      logicalName: (topic) => names.logical(topic),
      codecs,
      log: own,
      meter,
      clock: systemClock,
      random: Math.random,
      pace,
      watch: watch.over(wanted.spec, place),
      onCommit: committed,
    });
    if (start.paused.includes(wanted.spec.name)) stream.pause();
    stream.hold(start.held);
    streams.set(wanted.spec.name, stream);
  }
  const maintenance = start.maintenanceMs === undefined ? undefined : new Maintenance({
    log,
    holds: start.holds,
    everyMs: start.maintenanceMs,
    logger: logger.child({ component: "store" }),
    meter,
    clock: systemClock,
    pace,
  });

  const report = () => {
    const health: Record<string, Health> = {};
    if (maintenance) health.maintenance = maintenance.health();
    for (const [name, stream] of streams) health[name] = stream.health();
    const samples = meter.take();
    const now = JSON.stringify(health);
    if (lines.length === 0 && samples.length === 0 && now === said) return;
    said = now;
    post({ kind: "report", lines: lines.splice(0), samples, health });
  };
  const reporting = setInterval(report, REPORT_MS);
  for (const stream of streams.values()) stream.start();
  maintenance?.start();
  // Who asks for health right after the start finds it.
  report();

  return {
    appended: (topics) => log.wake(topics),
    pause: (name) => streams.get(name)?.pause(),
    resume: (name) => streams.get(name)?.resume(),
    taken: (id, error) => told.taken(id, error),
    rebuild: async (id, name) => {
      try {
        const stream = streams.get(name);
        if (!stream) throw new Error(`there is no stream ${name}`);
        const onProgress = ({ done, total }: { done: number; total: number }) =>
          post({ kind: "rebuilding", id, done, total });
        post({ kind: "rebuilt", id, rebuilt: await stream.rebuild({ onProgress }) });
      } catch (error) {
        post({ kind: "not rebuilt", id, error: errorChain(error) });
      }
    },
    hold: (reason) => streams.forEach((stream) => stream.hold(reason)),
    stop: async (signal) => {
      await Promise.all([...[...streams.values()].map((stream) => stream.stop(signal)), maintenance?.stop()]);
      await log.close();
      await store.close();
      clearInterval(reporting);
      report();
    },
  };
}

/** By its address: this thread is told of it, and can't be handed code. */
async function loadRedaction({ module, data }: NonNullable<WorkerStart["redaction"]>): Promise<Redaction> {
  const { default: make }: { default: (data: unknown) => Promise<Redaction> } = await import(module);
  return await make(data);
}

/** A logger whose lines are sent on in batches; errors become text, because their causes do not cross threads whole. */
function collectingLogger(lines: WorkerLine[], own: Record<string, unknown> = {}): Logger {
  const write = (level: WorkerLine["level"]) => (message: string, fields?: Record<string, unknown>) => {
    const sent = Object.entries({ ...own, ...fields }).map(([name, value]): [string, unknown] => [
      name,
      value instanceof Error && !(value instanceof TypeError) ? errorChain(value) : toPlain(value, name),
    ]);
    lines.push({ level, message, fields: Object.fromEntries(sent) });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => collectingLogger(lines, { ...own, ...fields }),
  };
}
