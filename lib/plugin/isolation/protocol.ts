import type { Caller, Role } from "../../access/caller.ts";
import type { TopicSpec } from "../../bus/contract.ts";
import type { AssignedPartition, StreamOptions, TopicValues } from "../../bus/handler.ts";
import type { CodecName } from "../../bus/codec.ts";
import type { RedactionData } from "../../redact/settings.ts";
import type { Health } from "../../telemetry/health.ts";
import type { LogLevel } from "../../telemetry/logger.ts";
import type { Sample } from "../../telemetry/meter.ts";
import type { MetricOptions } from "../../telemetry/metrics.ts";
import type { Plugin } from "../contract.ts";
import type { CallMessage } from "./calls.ts";
import type { SentRequest, SentResponse } from "./http_message.ts";
import type { PackedRequests } from "./pack_requests.ts";
import type { Packed } from "./packer.ts";
import type { Sent } from "./sent_error.ts";

/** What the values of a topic are, as far as it can be said to another thread. */
export type SentCodec = CodecName | "foreign";

/** What a plugin's `setup` registered, in its order. Plain data: the agent does the same in its own thread. */
export type Registration =
  | { kind: "topic"; spec: TopicSpec; values: TopicValues | undefined }
  | {
    kind: "stream";
    options: Omit<StreamOptions, "onAssigned" | "onRevoked" | "state" | "worker">;
    /** Whether it was given a handler. */
    handles: boolean;
    assigned: boolean;
    revoked: boolean;
  }
  | { kind: "route"; method: string; path: string; role?: Role }
  | { kind: "metric"; type: Sample["kind"]; metric: MetricOptions };

/** What a plugin registered, and which hooks it has. */
export interface Described {
  registrations: readonly Registration[];
  hooks: { start: boolean; drain: boolean; stop: boolean; lost: boolean; health: boolean };
}

/** A module's default export, as far as it is data. */
export interface Exported {
  /** What is not data was left out; `undefined`: it exports no object. */
  plugin: Record<string, unknown> | undefined;
  /** Whether it has a `setup` that can be called. */
  setup: boolean;
}

/** What the Worker knows of the agent; told with each call. */
export interface Tidings {
  /** The agent's clock. */
  now: number;
  /** What `storage()` says. */
  storage: { accepting: boolean; reason?: string };
}

/** What a plugin is set up with. */
export interface Opening {
  /** For messages. */
  plugin: string;
  /** Checked. */
  settings: Parameters<Plugin["setup"]>[1];
  /** Milliseconds its setup may block the thread. */
  limitMs: number;
  /** What it takes to redact as the agent does. */
  redaction?: RedactionData;
}

/** A batch on its way to a handler. */
export interface SentBatch {
  /** Which of the registered streams. */
  stream: number;
  topic: string;
  partition: number;
  records: Packed;
  /** How `data` is made of a value. */
  codec: SentCodec;
  /** `data` of each record, where its codec is a plugin's. */
  data: readonly unknown[] | undefined;
}

/** What a handler made of a batch. */
export interface SentResult {
  outputs: PackedRequests | undefined;
  failed: readonly { offset: number; cause: Sent }[];
}

/** What the agent asks the Worker; each with tidings. */
export type AgentCalls = {
  batch: { ask: Tidings & SentBatch; answer: SentResult };
  assigned: {
    ask: Tidings & { stream: number; partitions: readonly AssignedPartition[] };
    answer: undefined;
  };
  revoked: {
    ask: Tidings & { stream: number; partitions: readonly { topic: string; partition: number }[] };
    answer: undefined;
  };
  route: {
    ask: Tidings & {
      route: number;
      request: SentRequest;
      params: Readonly<Record<string, string>>;
      caller: Caller;
    };
    answer: SentResponse;
  };
  start: { ask: Tidings; answer: undefined };
  drain: { ask: Tidings; answer: undefined };
  /** Answers with what was lost. */
  stop: { ask: Tidings; answer: readonly string[] };
};

/** What the Worker asks the agent. */
export type WorkerCalls = {
  /** Appends requests one by one; answers alike, in their order. */
  send: { ask: { how: "producer" | "append"; requests: PackedRequests }; answer: readonly SentPosition[] };
  caughtUp: { ask: { stream: number }; answer: undefined };
  lag: { ask: { stream: number }; answer: number };
  /** Answers when so many milliseconds of the agent's clock are over. */
  sleep: { ask: { ms: number }; answer: undefined };
};

/** Where a record lies, or why it lies nowhere. */
export type SentPosition = { topic: string; partition: number; offset: number } | { error: Sent };

/** Agent to Worker. */
export type ToWorker =
  /** Imports the module and says what it exports. */
  | { kind: "import"; module: string }
  /** Imports the module, sets it up and says what it registered: by `gate` where one is given, else by a message. */
  | { kind: "open"; module: string; opening: Opening; tidings: Tidings; gate?: SharedArrayBuffer }
  /** From now on the plugin works: what the values of topics are, and how long a call may block the thread. */
  | { kind: "run"; codecs: readonly (readonly [topic: string, codec: SentCodec])[]; limitMs: number }
  | { kind: "tidings"; tidings: Tidings }
  | CallMessage;

/** What came of opening. */
export type Opened = { described: Described } | { error: Sent };

/** Worker to agent. */
export type FromWorker =
  | { kind: "imported"; exported: Exported }
  | { kind: "opened"; opened: Opened }
  /** The module could not be imported. */
  | { kind: "unimportable"; error: Sent }
  | { kind: "line"; level: LogLevel; message: string; fields: Record<string, unknown> }
  | { kind: "report"; samples: readonly Sample[]; health: Health | undefined }
  | { kind: "pause" | "resume"; stream: number }
  /** It can't go on: an error that nobody caught, or it ended itself. */
  | { kind: "dying"; error: Sent }
  | CallMessage;
