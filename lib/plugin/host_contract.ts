import type { PartitionLag, TopicSpec } from "../bus/contract.ts";
import type { TopicValues } from "../bus/handler.ts";
import type { Clock } from "../bus/clock.ts";
import type { HostSettings as Configured } from "../config/host.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { RootMeter } from "../telemetry/meter.ts";
import type { CommandCall, Health, Plugin, PluginCommand } from "./contract.ts";
import type { HostParts } from "./host_parts.ts";
import type { TopicOverride, WantedTopic } from "./topics.ts";

/** The agent's own settings, checked and with defaults filled in; keys as in config.toml. */
export interface HostSettings {
  store: {
    /** SQLite's synchronous=FULL: what is committed survives a power cut, too. */
    power_safe?: boolean;
    /** Bytes that must stay free on the store's disk. */
    min_free_disk?: number;
  };
  log: {
    /** Bytes of the local log above which producers, and with them the HTTP API, are refused. */
    max_bytes?: number;
    /** Milliseconds a record of the local log is kept where its topic says nothing. */
    retention?: number;
  };
  admin: {
    /** `host:port`. */
    listen: string;
    /** Bearer token; without one and off loopback it is made and kept in a file. */
    token?: string;
    /** Whether callers of this machine need one, too. Default false. */
    require_token?: boolean;
    /** Bytes of a request's body at most. Default 64 MiB. */
    max_body?: number;
    /** Requests a second of one caller. Default 10,000. */
    requests_per_second?: number;
    /** Further names under which the admin listener is reached. */
    hosts?: readonly string[];
  };
  /** Where brokers are named, Kafka is the bus. */
  kafka?: Partial<Configured["kafka"]>;
  /** Where brokers are named, nodes alone go to Kafka. */
  publisher?: { kafka?: Partial<Configured["publisher"]["kafka"]> };
  /** By logical name. */
  topics: Readonly<Record<string, TopicOverride>>;
}

/** What an agent is made of. */
export interface HostOptions {
  /** In the order of their setup; stopped in reverse. */
  plugins: readonly Plugin[];
  /** Names of plugins without which the agent starts, should their setup throw. */
  optional?: readonly string[];
  settings: HostSettings;
  /** Each plugin's checked settings, by its name. */
  pluginSettings: Readonly<Record<string, unknown>>;
  /** Absolute path of the SQLite file. */
  storeFile: string;
  version: string;
  /** What is taken out of what is stored. Default: nothing. */
  redaction?: AgentRedaction;
  log: Logger;
  meter: RootMeter;
  /** Stand-ins for parts, in tests. */
  parts?: Partial<HostParts>;
  clock?: Clock;
  /** 0 ≤ n < 1; default `Math.random`. */
  random?(): number;
  /** Reads the configuration again, for `POST /admin/reload`. */
  onReload?(): Promise<ReloadAnswer>;
}

/** What a running agent shall be from now on. */
export interface HostChange extends Pick<HostOptions, "plugins" | "pluginSettings" | "settings"> {
  /** Milliseconds for which the former instance of a plugin may end what is under way. */
  drainMs: number;
}

/** What became of a plugin that a change was about. */
export interface PluginOutcome {
  plugin: string;
  /**
   * `kept`: its next instance failed, the former one goes on. `down`: it does not run; the next change tries again. Nothing
   * is said of a plugin that did not change.
   */
  outcome: "started" | "restarted" | "stopped" | "kept" | "down";
  /** Why, where it is `kept` or `down`. */
  error?: string;
}

/** What came of reading the configuration again; JSON. */
export interface ReloadAnswer {
  /** Why the configuration was refused; everything is as it was then. */
  refused?: string;
  plugins: readonly PluginOutcome[];
  /** Keys of the agent's own settings that have another value from now on. */
  applied: readonly string[];
  /** Keys of those that need a restart of the agent. */
  waiting: readonly string[];
}

/** A registered command and whose it is. */
export interface RegisteredCommand {
  readonly plugin: string;
  readonly command: PluginCommand;
}

/** What a command needs beside what the host gives it. */
export type CommandInput = Pick<CommandCall, "args" | "options" | "stdout" | "stderr" | "signal">;

/** What came of a stop. */
export interface StopReport {
  /** Everything under way was finished within the time. */
  drained: boolean;
  /** What was not, and why; one sentence each. It is on disk or was cut off, and the next start goes on with it. */
  left: readonly string[];
  /** What had been accepted and is gone; one sentence each. */
  lost: readonly string[];
}

/** An agent: plugins, bus, store and listeners. */
export interface Host extends AsyncDisposable {
  /**
   * Runs every plugin's `setup`, once; opens nothing.
   * @throws {Error} a setup threw, or two plugins claim one name.
   */
  register(): void;
  /** What the plugins registered, after `register`. */
  readonly commands: readonly RegisteredCommand[];
  /** The topics plugins declared, as they should be, under their real names; registers first. */
  topics(): readonly TopicSpec[];
  /** The same, with the names in code and whose they are. */
  declaredTopics(): readonly WantedTopic[];
  /** What plugins said of the values of topics, by their names in code; registers first. */
  declaredValues(): readonly (readonly [topic: string, values: TopicValues])[];
  /**
   * Registers, opens the store, starts plugins, streams and listeners. Kafka comes up in the background.
   * @throws {Error} names the plugin or part that failed; what had been started is stopped again.
   */
  start(signal?: AbortSignal): Promise<void>;
  /** Drains and closes, backwards. Safe unstarted and twice. Default time: 30 s. */
  stop(options?: { timeoutMs?: number }): Promise<StopReport>;
  /**
   * Takes other plugins and settings while the agent runs. Plugins that are another object, or have other settings, are
   * restarted, each alone; the others are left as they are. One that fails leaves its former instance running, where
   * that can be. Of `settings` it takes the limits of the storage, and the topics; nothing else of it may have changed.
   * One change after the other.
   * @throws {Error} the agent does not run; or the topics can't be so, and nothing has changed.
   */
  change(change: HostChange): Promise<PluginOutcome[]>;
  /** Lines for a person: what listens where. Filled by `start`. */
  announcements(): readonly string[];
  /** `http://127.0.0.1:8081`, while the admin listener is up. */
  readonly adminOrigin: string | undefined;
  /**
   * Runs a registered command on an opened and migrated store, without starting plugins, streams or listeners.
   * Resolves with the exit code.
   * @throws {Error} no such command, or what the command threw.
   */
  runCommand(path: string, input: CommandInput): Promise<number>;
  /** What `GET /admin/status` answers. */
  status(): Promise<AgentStatus>;
  /** Each part's health. */
  health(): Readonly<Record<string, Health>>;
}

/** The state of a running agent; JSON. */
export interface AgentStatus {
  version: string;
  pid: number;
  /** Seconds since `start`. */
  uptime_s: number;
  status: Health["status"] | "stopped";
  listeners: readonly { name: string; origin: string }[];
  streams: readonly StreamStatus[];
  bus: { driver: "local" | "kafka"; connected: boolean; detail?: string };
  /** `null` where there is no relay. */
  relay: { lag: number; detail?: string } | null;
  store: { file: string; bytes: number; accepting: boolean; reason?: string };
  health: Readonly<Record<string, Health>>;
}

/** One stream of a running agent; JSON. */
export interface StreamStatus {
  /** Plugin and group: `tapes/tapes-deriver`. */
  name: string;
  group: string;
  topics: readonly string[];
  source: "local" | "kafka";
  where: "main" | "worker";
  paused: boolean;
  lag: number;
  partitions: readonly PartitionLag[];
}
