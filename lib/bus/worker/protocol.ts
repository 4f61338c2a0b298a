import type { Health } from "../../telemetry/health.ts";
import type { AssignedPartition, Rebuilt } from "../handler.ts";
import type { LogLevel } from "../../telemetry/logger.ts";
import type { Sample } from "../../telemetry/meter.ts";
import type { StreamSpec } from "../stream/stream_options.ts";
import type { CommittedRange, Suspect } from "./suspects.ts";
import type { WorkerValues } from "./values.ts";

/** A stream whose handler runs in the Worker. */
export interface WorkerStreamSpec {
  /** How it reads. */
  spec: StreamSpec;
  /** Module with the `HandlerFactory`. */
  module: string;
  /** Given to the factory; structured clone. */
  options: unknown;
  /** Its handler keeps state: the module says how that is emptied. Default false. */
  state?: boolean;
  /** The main thread wants to be told which partitions it has. Default false. */
  hooks?: boolean;
  /** For log lines. */
  plugin: string;
  /** `capstan_tapes_`. */
  metricScope: string;
}

/** What the Worker needs to begin. */
export interface WorkerStart {
  /** Path of the SQLite file, which exists. */
  storeFile: string;
  /** Module whose default export makes the thread's redaction of `data`, or a promise of it. Default: none. */
  redaction?: { module: string; data: unknown };
  /** Commits survive the death of the machine. */
  powerSafe: boolean;
  /** Begins the names of its members of groups. */
  owner: string;
  /** The same of Workers that died before it. */
  gone: readonly string[];
  /** Memory of the store's `WriteTurns`. */
  turns: SharedArrayBuffer;
  /** What it runs. */
  streams: readonly WorkerStreamSpec[];
  /** The log is the bus: what its streams read and write is counted as such. Default false. */
  isBus?: boolean;
  /** Memory of the `WorkNotes`. */
  notes: SharedArrayBuffer;
  /** What was under way when earlier Workers died. */
  suspects: readonly Suspect[];
  /** Names of streams that are paused. */
  paused: readonly string[];
  /** Why the agent holds all of them. */
  held?: string;
  /** Logical and real names of renamed topics. */
  renamed: readonly (readonly [string, string])[];
  /** What the values of topics are, by logical name. Default: JSON. */
  values?: readonly (readonly [topic: string, values: WorkerValues])[];
  /** By real topic: the agent's own groups, which retention waits for. */
  holds: readonly (readonly [topic: string, groups: readonly string[]])[];
  /** Milliseconds between two rounds of retention and checkpoint. Without it another Worker sees to them. */
  maintenanceMs?: number;
  /** Milliseconds a dead Worker keeps its partitions. Default: the log's own. */
  leaseMs?: number;
}

/** Main thread to Worker. */
export type ToWorker =
  | { kind: "start"; start: WorkerStart }
  /** The main thread appended to these topics. */
  | { kind: "appended"; topics: readonly string[] }
  | { kind: "pause"; stream: string }
  | { kind: "resume"; stream: string }
  /** No stream begins a batch; without a reason all go on. */
  | { kind: "hold"; reason?: string }
  /** Make a stream's state anew; the answer has this number. */
  | { kind: "rebuild"; id: number; stream: string }
  /** The main thread has taken what `partitions` told; or it threw. */
  | { kind: "taken"; id: number; error?: string }
  /** Finish what is under way and close. */
  | { kind: "stop" }
  /** Drop what is under way, then close. */
  | { kind: "drop" };

/** One log line of the Worker's. */
export interface WorkerLine {
  /** How bad it is. */
  level: LogLevel;
  /** A sentence. */
  message: string;
  /** Plain data. */
  fields: Record<string, unknown>;
}

/** Partitions came to a stream, before their first batch, or went, after their last. */
export type PartitionChange =
  | { came: readonly AssignedPartition[] }
  | { went: readonly { topic: string; partition: number }[] };

/** Worker to main thread. */
export type FromWorker =
  | { kind: "ready" }
  | { kind: "report"; lines: WorkerLine[]; samples: Sample[]; health: Record<string, Health> }
  /** The Worker appended to these topics; also a sign of progress. */
  | { kind: "committed"; topics: readonly string[] }
  /** Committed, while something of an earlier death was not. */
  | { kind: "settled"; range: CommittedRange }
  /** Waits for `taken` with this number. */
  | { kind: "partitions"; id: number; stream: string; change: PartitionChange }
  /** How far a state is that is made anew, and its end. */
  | { kind: "rebuilding"; id: number; done: number; total: number }
  | { kind: "rebuilt"; id: number; rebuilt: Rebuilt }
  | { kind: "not rebuilt"; id: number; error: string }
  | { kind: "stopped" }
  /** It can't go on. */
  | { kind: "failed"; error: string };
