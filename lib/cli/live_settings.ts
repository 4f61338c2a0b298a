import { isDeepStrictEqual } from "node:util";
import { keyText } from "../config/key.ts";
import type { Loaded } from "../config/load.ts";
import { kafkaSettingsOf } from "../plugin/kafka_settings_of.ts";

type HostSettings = Loaded["host"];

/** What another configuration means for an agent that runs. */
export interface SettingsChange {
  /** The agent's own settings as they can be now. */
  readonly settings: HostSettings;
  /** Keys that have another value from now on. */
  readonly applied: readonly string[];
  /** Keys that need a restart. */
  readonly waiting: readonly string[];
}

/**
 * Compares the agent's own settings: what it was started with, what holds now, what is wanted. Limits, retention and the
 * log's lines change at once; the file, the listeners, Kafka and the names of topics with a restart.
 */
export function settingsChange(
  started: HostSettings,
  now: HostSettings,
  wanted: HostSettings,
): SettingsChange {
  const isLive = liveKeys(started);
  const waiting = changedKeys(started, wanted).filter((key) => !isLive(key)).map(keyText);
  const applied = changedKeys(now, wanted).filter(isLive).map(keyText);
  const settings: HostSettings = {
    ...started,
    agent: wanted.agent,
    logging: wanted.logging,
    store: { ...started.store, min_free_disk: wanted.store.min_free_disk },
    log: wanted.log,
    topics: isLive(["topics", "", "retention"]) ? named(wanted.topics, started.topics) : started.topics,
  };
  return { settings, applied, waiting };
}

/** Which keys take effect at once. Where topics are Kafka's too, its relay has read theirs. */
function liveKeys(started: HostSettings): (key: readonly string[]) => boolean {
  const topicsToo = kafkaSettingsOf(started) === undefined;
  return ([table, ...rest]) =>
    table === "agent" || table === "logging" || table === "log" ||
    (table === "store" && rest[0] === "min_free_disk") ||
    (table === "topics" && topicsToo && rest[1] !== "name");
}

/** Topics with their figures, under the names they had. */
function named(wanted: HostSettings["topics"], started: HostSettings["topics"]): HostSettings["topics"] {
  const logical = new Set([...Object.keys(wanted), ...Object.keys(started)]);
  return Object.fromEntries(
    [...logical].map((topic) => {
      const { name: _, ...figures } = wanted[topic] ?? { settings: {} };
      const name = started[topic]?.name;
      return [topic, { ...figures, ...(name !== undefined && { name }) }];
    }),
  );
}

function changedKeys(before: unknown, after: unknown, path: readonly string[] = []): string[][] {
  if (!isTable(before) && !isTable(after)) return isDeepStrictEqual(before, after) ? [] : [[...path]];
  const [a, b] = [isTable(before) ? before : {}, isTable(after) ? after : {}];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => changedKeys(a[name], b[name], [...path, name]));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
