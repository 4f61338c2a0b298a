import type { Position } from "../bus/contract.ts";
import type { PublishRequest, TopicValues } from "../bus/handler.ts";
import type { AppendFailure, Plugin } from "../plugin/contract.ts";
import type { Reader, Transaction } from "../store/contract.ts";
import type { Health } from "../telemetry/health.ts";
import type { Labels } from "../telemetry/metrics.ts";

/** What the agent of a test is. */
export interface TestAgentOptions {
  /** The plugin's settings, as its table in config.toml: lines of TOML, or an object of the same. Checked alike. */
  config?: string | Readonly<Record<string, unknown>>;
  /**
   * Topics that the plugin reads or publishes to and does not declare. Those it reads are made by themselves, with one
   * partition and JSON values; naming one here changes that, or the partitions of a topic of the plugin's own.
   */
  topics?: readonly TestTopic[];
  /** Further plugins of the same agent, with their defaults. */
  beside?: readonly Plugin[];
  /** Where the clock stands, in milliseconds since 1970 or ISO 8601. Default: 2026-01-01T00:00:00Z. */
  now?: number | string;
  /**
   * What happens while a stream waits to try again and the test waits for it: `"skip"` (default) moves the clock to the
   * next attempt, `"wait"` leaves that to `clock.advance`.
   */
  backOff?: "skip" | "wait";
  /**
   * `"local"` (default): the log in the agent's file is the bus; rows, outputs and offset are one transaction.
   * `"remote"`: a bus apart stands in for Kafka. Handlers store rows with a fence first, then commit on that bus, and
   * the relay sends on what the plugin appends.
   */
  bus?: "local" | "remote";
  /** Real milliseconds after which waiting fails, with what it waited for. Default 60,000. */
  deadlineMs?: number;
}

/** A topic in a test. */
export interface TestTopic {
  /** Its name in code. */
  name: string;
  /** Default 1. */
  partitions?: number;
  /** What is in it, where nobody declares it. Default: JSON. */
  values?: TopicValues;
}

/** A record handed to a plugin: as it would be published. */
export type TestRecord = Omit<PublishRequest, "topic">;

/** A record that was published. */
export interface CapturedRecord<V = unknown> extends Position {
  /** The key as UTF-8; `null`: none. */
  key: string | null;
  /** The value as the topic's codec reads it; as text where that can't; `null` for a tombstone. */
  data: V;
  /** The value as it lies. */
  value: Uint8Array | null;
  /** Headers as UTF-8; of those that repeat, the last. */
  headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, UTC. */
  timestamp: number;
}

/** A record that was given up. */
export interface CapturedLetter<V = unknown> extends CapturedRecord<V> {
  /** Why: the error of the last attempt, with its causes. */
  error: string;
  /** Attempts that failed. */
  attempts: number;
}

/** A line of the agent's log. */
export interface CapturedLine {
  /** Severity. */
  level: "debug" | "info" | "warn" | "error";
  /** One sentence. */
  message: string;
  /** Who says it: the plugin's name, or a part of the agent. */
  component: string;
  /** Everything else, as in the JSON log: errors as text, secrets masked. */
  fields: Readonly<Record<string, unknown>>;
}

/** What came of a command. */
export interface CommandOutcome {
  /** Exit code: 0, what `run` returned, or 1 where it threw. */
  code: number;
  /** What it wrote to standard output. */
  stdout: string;
  /** What it wrote to standard error, and the message of what it threw. */
  stderr: string;
  /** What it threw. */
  error?: unknown;
}

/** Time, which stands still until the test moves it. */
export interface TestClock {
  /** Milliseconds since 1970: what the plugin's `ctx.now()` gives. */
  readonly now: number;
  /**
   * Moves time on. Whoever sleeps until a moment on the way (`ctx.sleep`, a stream that waits to try again) wakes at
   * that moment; what they write is written when this resolves.
   */
  advance(ms: number): Promise<void>;
  /** Resolves when a stream waits to try again; for `backOff: "wait"`. */
  backingOff(): Promise<void>;
}

/** Faults as they happen to agents, made by a test. */
export interface TestFaults {
  /**
   * Kills the agent when a handler has done its work and before any of it is stored, as kill -9 would, and starts
   * another one on the same data, to which the batch comes again. Once for each call. Streams in a Worker are not hit.
   */
  killHandler(options?: KillOptions): void;
  /** How often the agent was killed so far. */
  readonly kills: number;
  /** Moves the groups that read a topic back to its first record, so that all of it comes again. */
  redeliver(topic: string): Promise<void>;
  /** Streams can neither read nor commit; what the plugin appends is kept. */
  busAway(): void;
  /** The bus answers again. */
  busBack(): void;
  /** Nothing can be written any more: neither rows, nor appends, nor what handlers give. Default `"io"`. */
  storeFails(failure?: Exclude<AppendFailure["failure"], "constraint" | "other">): void;
  /** The store writes again. */
  storeHeals(): void;
}

/** When an agent is killed. */
export interface KillOptions {
  /** Batches that still get through. Default 0. */
  after?: number;
  /** Counts batches of this topic alone. */
  topic?: string;
  /**
   * `"result"` (default): nothing of the batch is stored yet. `"commit"`: it is about to be told to the bus; with
   * `bus: "remote"` its rows are stored by then.
   */
  at?: "result" | "commit";
}

/** The store as a test looks at it. */
export interface TestStore {
  /** Reads in one snapshot, the plugin's tables with the agent's. */
  read<T>(work: (db: Reader) => T): T;
  /** Writes in one transaction, as another program would: store faults do not touch it. */
  write<T>(work: (tx: Transaction) => T): Promise<T>;
}

/** An agent that runs a plugin in a test, on a log and a store of its own. */
export interface TestAgent extends AsyncDisposable {
  /** Time as the plugin sees it. */
  readonly clock: TestClock;
  /** Faults. */
  readonly faults: TestFaults;
  /** The store. */
  readonly store: TestStore;
  /** What was logged, by all agents of this test, in order. */
  readonly logs: readonly CapturedLine[];
  /**
   * Hands records to the plugin's streams, in their order and in one batch where they share a partition. Resolves when
   * they are handled or given up, and with them what their outputs have set off; see `settled`.
   * @throws {RangeError} no stream reads that topic.
   * @throws {TypeError} the topic does not take a value.
   */
  deliver(topic: string, records: readonly TestRecord[]): Promise<void>;
  /**
   * Resolves when every stream has handled all there is, but for those that are paused.
   * @throws {Error} a stream stopped at a record, or it took longer than the deadline; says why.
   */
  settled(): Promise<void>;
  /** What was published to a topic, oldest first by partition; without what `deliver` handed over. */
  outputs<V = unknown>(topic: string): CapturedRecord<V>[];
  /** What was published to any topic, by topic; dead letters too. */
  published(): CapturedRecord[];
  /** Records of a topic that were given up. */
  deadLetters<V = unknown>(topic: string): CapturedLetter<V>[];
  /** Calls a route of the admin listener, without a socket. A body that is neither text nor bytes goes as JSON. */
  request(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Response>;
  /**
   * Where a listener of the plugin's is, `http://127.0.0.1:PORT`: whatever its settings say, it is on a free port of
   * this machine alone.
   * @throws {RangeError} the plugin has no listener of that name.
   */
  serve(name: string): string;
  /**
   * Runs a command of the plugin's beside the agent, as another process would. Options are by their long name in
   * camelCase; those left out have their defaults.
   * @throws {RangeError} there is no such command, or it has no such option.
   */
  command(
    path: string,
    args?: readonly string[],
    options?: Readonly<Record<string, string | boolean>>,
  ): Promise<CommandOutcome>;
  /** A metric's value, with or without the plugin's prefix; the sum over all series that have these labels. */
  metrics(name: string, labels?: Labels): Promise<number | undefined>;
  /** Health of each part: the plugin by its name, streams as `stream PLUGIN/GROUP`. */
  health(): Readonly<Record<string, Health>>;
  /** Stops the agent as it should be stopped and starts another one on the same data. */
  restart(): Promise<void>;
}
