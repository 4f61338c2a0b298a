import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Caller, Role } from "../access/caller.ts";
import type { BusRecord, Position, TopicSpec } from "../bus/contract.ts";
import type {
  OutgoingValue,
  PublishRequest,
  Redaction,
  StreamHandle,
  StreamHandler,
  StreamOptions,
  StreamRecord,
  TopicValues,
} from "../bus/handler.ts";
import type { SettingsOf, SettingsSchema } from "../config/schema.ts";
import type { Migration, Reader, Transaction } from "../store/contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Health } from "../telemetry/health.ts";
import type { Counter, Gauge, Histogram, MetricOptions } from "../telemetry/metrics.ts";

export type {
  AssignedPartition,
  Batch,
  Codec,
  CodecFactory,
  HandlerFactory,
  HandlerResult,
  HandlerReturn,
  OutgoingValue,
  PublishRequest,
  RebuildOptions,
  Rebuilt,
  Redaction,
  StateFactory,
  StreamHandle,
  StreamHandler,
  StreamOptions,
  StreamRecord,
  StreamState,
  StreamWorker,
  TopicValues,
  WorkerContext,
} from "../bus/handler.ts";
export type { Caller, Role } from "../access/caller.ts";
export type { Health } from "../telemetry/health.ts";

/**
 * A plugin: a module's default export. It needs no code of Capstan's at run time; everything arrives by parameter.
 */
export interface Plugin<C extends SettingsSchema = SettingsSchema> {
  /** TOML table, flag prefix, default consumer group and metric prefix. `[a-z][a-z0-9_]*`. */
  readonly name: string;
  /** One sentence: what it does. */
  readonly doc?: string;
  /** Whether it runs where the configuration says nothing of it. Default true. */
  readonly enabledByDefault?: boolean;
  /** Its settings, as plain data. */
  readonly config?: C;
  /**
   * When its code or settings change while the agent runs: true starts the next instance before this one drains, so that
   * listeners and routes answer throughout; two instances must get along. False (default) stops this one first, and
   * requests that come meanwhile wait for the next.
   */
  readonly overlaps?: boolean;
  /** Registers what the plugin has. Does no I/O; called before anything of this instance is open. */
  setup(ctx: PluginContext, config: SettingsOf<C>): PluginHooks | void;
}

/** What the agent calls later. */
export interface PluginHooks {
  /**
   * After migrations and local topics, before streams and listeners. A throw stops the agent's start. An error with
   * `exitCode = 78`, or with such a cause, says that what the plugin was configured with can't be used: the program ends
   * with that; with 1 otherwise.
   */
  start?(signal: AbortSignal): void | Promise<void>;
  /**
   * Listeners are closed to new calls. Resolves when nothing of the plugin's is under way that would still append or
   * write; `signal` aborts when the time for draining is over.
   */
  drain?(signal: AbortSignal): void | Promise<void>;
  /** Last call, after the streams have drained. Safe without `start`, and twice. */
  stop?(): void | Promise<void>;
  /**
   * Asked once, when everything is closed: what had been accepted and could not be kept, one sentence each. The agent
   * says so, and ends with 1.
   */
  lost?(): readonly string[];
  /** Cheap and synchronous; asked at each `/healthz` and `/readyz`. */
  health?(): Health;
}

/** Publishes to one topic. */
export interface Producer {
  /**
   * Resolves with the position when the record is durable on this machine.
   * @throws {AppendFailure} nothing was stored; "full" while `storage()` does not accept. What a stream handler gives is
   * taken all the same.
   */
  send(value: OutgoingValue, options?: Omit<PublishRequest, "topic" | "value">): Promise<Position>;
}

/** A plugin's place in the store: its own tables beside the others'. */
export interface PluginStore {
  /** Runs `work` in the next group commit; see `Store.write`. */
  write<T>(work: (tx: Transaction) => T, options?: { signal?: AbortSignal }): Promise<T>;
  /** Reads in one snapshot; never waits for writers. */
  read<T>(work: (db: Reader) => T): T;
}

/** Answers requests of a route of the admin listener. `params` are the path's `:names`. */
export type RouteHandler = (
  request: Request,
  params: Readonly<Record<string, string>>,
  caller: Caller,
) => Response | Promise<Response>;

/** How a route is reached. */
export interface RouteOptions {
  /** What its callers must be allowed. Default: `read` to GET and HEAD, `admin` to everything else. */
  role?: Role;
}

/**
 * A listener of the plugin's own, with node:http's request and response, because `fetch` rewrites paths. `CONNECT` is
 * answered 400 by the host.
 */
export interface ServeOptions {
  /** For messages and health: `proxy`. */
  name: string;
  /** `host:port`, `:port` (all interfaces, warned of) or `[v6]:port`. Port 0 takes a free one. */
  listen: string;
  /** The setting that holds the address, for messages: `proxy.listen`. */
  setting?: string;
  /** Answers one request. Needed, unless there is `fetch`. */
  handler?(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Answers one request in the place of `handler`, for a third of the cost where it does not matter how the path was
   * written; there are no upgrades then, and connections that are idle or slow are not closed.
   */
  fetch?(request: Request): Response | Promise<Response>;
  /** Takes over a connection that asks for another protocol. Without it upgrades are refused. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  /**
   * Whether a request with an `Upgrade` header goes to `upgrade`; otherwise `handler` gets it as a plain request, body
   * and all (node:http's `shouldUpgradeCallback`). Default: all of them where `upgrade` is given.
   */
  shouldUpgrade?(request: IncomingMessage): boolean;
  /** Lines said at start, once the address is known (`http://127.0.0.1:8080`). */
  announce?(origin: string): readonly string[];
}

/** A running listener. */
export interface Server {
  /** `http://127.0.0.1:8080`; set once listening. */
  readonly origin: string | undefined;
}

/** Whose data is erased: one user of one tenant. */
export interface ErasureSubject {
  /** `default` stands for what names no tenant, too. */
  tenant: string;
  /** As calls and events name them. */
  user: string;
}

/** An erasure at work: what a plugin's handler is given. */
export interface Erasure {
  /** Whose data goes. */
  subject: ErasureSubject;
  /**
   * The store. What is deleted by it is overwritten with zeros; nothing looks for rows that refer to a deleted one. Each
   * `write` holds up all other writers: some milliseconds of work, then another.
   */
  store: PluginStore;
  /**
   * Empties records of a topic and of its dead letters in this agent's local log, those that `matches` accepts: key,
   * value and headers go, the offset stays, and no handler sees the record any more. `db` is the snapshot it was read
   * in. A value that can't be decoded comes as its bytes. Gives how many.
   */
  emptyRecords(topic: string, matches: (record: StreamRecord, db: Reader) => boolean): Promise<number>;
  /** Says how far it is. */
  show(step: ProgressStep): Promise<void>;
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
}

/** What an erasure removed from what one plugin keeps. */
export interface ErasureReport {
  /** Counts by what was counted: `turns`, `nodes`. Nothing left to remove: zeros. */
  removed: Readonly<Record<string, number>>;
  /** What it could not reach, one sentence each. */
  beyond?: readonly string[];
}

/**
 * Removes a subject from what a plugin keeps. It may be called again, after a crash in its middle, too, and must then
 * remove what is left: rows that tell whose something is go last.
 */
export type EraseHandler = (erasure: Erasure) => Promise<ErasureReport>;

/** What an erasure removed from what all plugins keep. */
export interface ErasureOutcome {
  /** In the order in which they were asked. */
  plugins: readonly ({ plugin: string } & Required<ErasureReport>)[];
  /** What no plugin can reach: topics on Kafka, a write-ahead log in use. One sentence each. */
  beyond: readonly string[];
}

/** A flag of a command. `flags` as commander has them: `-n, --max <count>`. */
export interface CommandOption {
  /** As commander has them. */
  flags: string;
  /** One sentence. */
  doc: string;
  /** Value where the flag is absent. */
  default?: string | boolean;
}

/** A command of the plugin's: `capstan PATH [args]`. */
export interface PluginCommand {
  /** `log`, or with a group `audit verify`. A collision is an error at start. */
  path: string;
  /** Positional arguments as commander has them: `<file>`, `[hash]`. */
  args?: readonly { name: string; doc: string }[];
  /** One sentence. */
  doc: string;
  /** Its flags. */
  options?: readonly CommandOption[];
  /** Command lines that show it at work, for `--help`. */
  examples?: readonly string[];
  /** Makes the SQLite file where it is missing. Default: a missing file is an error, for its name was mistyped. */
  creates?: boolean;
  /** Sets up the plugins that are disabled, too: for what concerns all that was ever kept. */
  everyPlugin?: boolean;
  /**
   * `true`: it works without the agent's file, which is not opened; what `call` has of the store and the log is refused.
   * A list: with one of these flags, by their long names in camelCase. Default: never.
   */
  withoutFile?: true | readonly string[];
  /**
   * The exit code is 0, or what it returns. Throwing prints the error and exits 1, 78 as of `start`,
   * or 2 where the error has `exitCode = 2`: the command was called wrongly.
   */
  run(call: CommandCall): Promise<number | void>;
}

/** Another SQLite file, open for reading only. */
export interface ReadOnlyFile extends AsyncDisposable {
  /** Reads in one snapshot; `work` is synchronous. */
  read<T>(work: (db: Reader) => T): T;
}

/** How far something is. */
export interface ProgressStep {
  /** What is being done: `importing`. */
  what: string;
  /** How much of it is done. */
  done: number;
  /** How much there is; absent where nobody knows. */
  total?: number;
}

/** A line on a terminal that says how far a command is; nothing where the output is no terminal. */
export interface Progress extends AsyncDisposable {
  /** Draws, unless it did so a moment ago. */
  show(step: ProgressStep): Promise<void>;
}

/** One run of a command. */
export interface CommandCall {
  /** Positional arguments, in order. */
  args: readonly string[];
  /** Flags by their long name in camelCase. */
  options: Readonly<Record<string, string | boolean | undefined>>;
  /** The plugin's tables, migrated. */
  store: PluginStore;
  /**
   * Publishes to the local log.
   * @throws {AppendFailure} nothing was stored; "full" while the disk has less than `store.min_free_disk`.
   */
  publish(requests: readonly PublishRequest[]): Promise<Position[]>;
  /**
   * Runs `write` in one transaction that also appends what it returns to the local log: rows and records together or
   * not at all.
   * @throws {AppendFailure} nothing was stored; "full" while the disk has less than `store.min_free_disk`.
   */
  commit(write: (tx: Transaction) => readonly PublishRequest[] | void): Promise<void>;
  /**
   * The records of a topic that this agent's local log still keeps, oldest first by partition; with `from: "bus"` those
   * that Kafka keeps, where it is the bus, in order within each partition. Ends where the topic did at the call.
   */
  records(topic: string, options?: { from?: "local" | "bus" }): AsyncIterable<BusRecord>;
  /**
   * Opens another SQLite file for reading only, as another program wrote it.
   * @throws {AppendFailure} it is not there, can't be read, or is no SQLite file.
   */
  openFile(path: string): Promise<ReadOnlyFile>;
  /**
   * Removes a subject from what every plugin keeps (see `PluginContext.onErase`), whether an agent runs or not, and
   * leaves nothing of it in free pages. Started again after a crash it goes on.
   */
  erase(
    subject: ErasureSubject,
    show?: (step: ProgressStep) => Promise<void>,
  ): Promise<ErasureOutcome>;
  /** Standard output: results. */
  stdout: { write(text: string): Promise<void>; isTerminal: boolean; columns: number };
  /** Standard error: progress and remarks. */
  stderr: { write(text: string): Promise<void>; isTerminal: boolean; columns: number };
  /** A line on standard error that says how far the command is; dispose of it before anything else is written. */
  progress(): Progress;
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
  /** Calls the running agent's admin API; rejects if none answers. */
  admin(path: string, init?: RequestInit): Promise<Response>;
}

/** Why an append could not be made durable, for those who must decide what to do. */
export interface AppendFailure extends Error {
  /** Marks the class. */
  readonly name: "StoreError";
  /** What kind of failure it is. */
  readonly failure: "locked" | "full" | "readonly" | "corrupt" | "closed" | "io" | "constraint" | "other";
}

/** What the agent gives a plugin. */
export interface PluginContext {
  /** The plugin's log. */
  readonly log: Logger;
  /** What takes secrets and personal data out of what is stored. Usable from `start` on, and in commands. */
  readonly redact: Redaction;
  /** Milliseconds since 1970, with fractions; driven by tests. */
  now(): number;
  /**
   * Resolves after `ms` of the same clock, or at once when `signal` aborts; never rejects. For windows and timers that
   * tests drive.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Declares a topic. Its logical name is `spec.name`; configuration may rename it and change each figure. `values` says
   * what is in it: JSON unless told otherwise.
   */
  topic(spec: TopicSpec, values?: TopicValues): void;
  /** A producer of a declared topic. What it sends is durable in the local log, and relayed where the bus is Kafka. */
  producer(topic: string): Producer;
  /**
   * Appends to the local log; resolves when durable. For what must not be lost: above `log.max_bytes`, where a
   * producer is refused, it goes on.
   * @throws {AppendFailure} nothing was stored; "full" while the disk has less than `store.min_free_disk`.
   */
  append(
    topic: string,
    record: Omit<PublishRequest, "topic">,
    options?: { signal?: AbortSignal },
  ): Promise<Position>;
  /** Whether free bytes on the store's disk are above `min_free_disk`, and the log is below `log.max_bytes`. */
  storage(): { accepting: boolean; reason?: string };
  /** Handles a topic's records. With `options.worker` no handler is given. */
  stream<V = unknown>(options: StreamOptions, handler?: StreamHandler<V>): StreamHandle;
  /** The plugin's tables. Usable from `start` on. */
  store(migrations: readonly Migration[]): PluginStore;
  /** A route of the admin listener: `GET`, `/dag/node/:hash`. Host, Origin and token were checked before. */
  route(method: string, path: string, handler: RouteHandler, options?: RouteOptions): void;
  /** A listener of the plugin's own, open from the end of the start to the beginning of the stop. */
  serve(options: ServeOptions): Server;
  /** A command of `capstan`. */
  command(command: PluginCommand): void;
  /**
   * Removes a person from what the plugin keeps, when an erasure is asked for. A plugin that keeps rows or topics about
   * people registers one. Those of plugins that are set up later are called first: they may look up what they need in
   * others' views.
   */
  onErase(handler: EraseHandler): void;
  /** Metrics; names get the prefix `capstan_<plugin>_`. */
  counter(options: MetricOptions): Counter;
  /** A value that goes up and down; `collect` is asked at each scrape. */
  gauge(options: MetricOptions & { collect?: () => number | void }): Gauge;
  /** A distribution. */
  histogram(options: MetricOptions): Histogram;
}
