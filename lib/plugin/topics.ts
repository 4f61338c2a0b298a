import { isDeepStrictEqual } from "node:util";
import { CODECS } from "../bus/codec.ts";
import type { TopicSpec } from "../bus/contract.ts";
import type { TopicValues } from "../bus/handler.ts";
import { deadLetterSpec } from "../bus/stream/dead_letters.ts";

/** What `[topics."NAME"]` changes of a declared topic. */
export interface TopicOverride {
  /** Its real name. */
  name?: string;
  partitions?: number;
  replication?: number;
  /** Milliseconds; `Infinity` for ever. */
  retention?: number;
  /** Bytes. */
  max_record_bytes?: number;
  /** Further Kafka settings. */
  settings?: Readonly<Record<string, string>>;
}

/** A topic as it should be. */
export interface WantedTopic {
  /** Its name in code. */
  logical: string;
  /** Who declared it, or declared the topic whose dead letters it takes; `null` where nobody did. */
  plugin: string | null;
  /** Under its real name. */
  spec: TopicSpec;
}

/** What topics should be, beside what plugins declared. */
export interface WantedOptions {
  /** By logical name. */
  overrides: Readonly<Record<string, TopicOverride>>;
  /** Milliseconds, for topics that say nothing. */
  retentionMs?: number;
  /** Logical names of the topics that are read. */
  read: Iterable<string>;
}

interface Declared {
  spec: TopicSpec;
  plugin: string;
  /** Absent where the plugin says nothing of them. */
  values?: TopicValues;
}

/** Topics as plugins declared them, by logical name. */
export class DeclaredTopics {
  /** In the order of their declaration, by everyone who made it. */
  readonly #declared = new Map<string, Declared[]>();

  /**
   * Adds a topic. A plugin that says nothing of the values agrees with whatever another says.
   * @throws {TypeError} the values are none.
   * @throws {Error} another plugin declared it otherwise.
   */
  declare(plugin: string, spec: TopicSpec, values?: TopicValues): void {
    const cannot = `Cannot declare topic ${spec.name} for ${plugin}`;
    const problem = values && valuesProblem(values);
    if (problem !== undefined) throw new TypeError(`${cannot}: ${problem}`);
    const declared = this.#declared.get(spec.name) ?? [];
    const [before] = declared;
    if (before && canonical(before.spec) !== canonical(spec)) {
      throw new Error(
        `${cannot}: ${before.plugin} declared it otherwise ` +
          `(${canonical(before.spec)}, not ${canonical(spec)}); agree on one`,
      );
    }
    const other = declared.find((each) => each.values !== undefined && !sameValues(each.values, values));
    if (values && other) {
      throw new Error(
        `${cannot}: ${other.plugin} declared its values otherwise; agree on one codec and schema`,
      );
    }
    this.#declared.set(spec.name, [...declared, { spec, plugin, values }]);
  }

  /** What plugins said of the values of topics, by logical name. */
  values(): (readonly [topic: string, values: TopicValues])[] {
    return [...this.#declared].flatMap(([name, declared]) => {
      const said = declared.find(({ values }) => values !== undefined)?.values;
      return said === undefined ? [] : [[name, said] as const];
    });
  }

  /** Whether a topic, by its logical name, never leaves this agent. */
  isLocalOnly(topic: string): boolean {
    return this.#declared.get(topic)?.[0]?.spec.localOnly ?? false;
  }

  /** Names in code of all that were declared. */
  names(): string[] {
    return [...this.#declared.keys()];
  }

  /** Takes back what a plugin declared. */
  forget(plugin: string): void {
    this.adopt(plugin, new DeclaredTopics());
  }

  /** Adds what others declared elsewhere. */
  copy(from: DeclaredTopics): void {
    for (const [name, declared] of from.#declared) this.#declared.set(name, [...declared]);
  }

  /** Puts what a plugin declared elsewhere in the place of what it declared here. */
  adopt(plugin: string, from: DeclaredTopics): void {
    for (const [name, declared] of this.#declared) {
      const left = declared.filter((each) => each.plugin !== plugin);
      if (left.length > 0) this.#declared.set(name, left);
      else this.#declared.delete(name);
    }
    for (const [name, declared] of from.#declared) {
      const its = declared.filter((each) => each.plugin === plugin);
      if (its.length > 0) this.#declared.set(name, [...this.#declared.get(name) ?? [], ...its]);
    }
  }

  /** Logical and real names of the topics that have another, dead-letter topics with them. */
  renamed(overrides: Readonly<Record<string, TopicOverride>>): (readonly [string, string])[] {
    return Object.entries(overrides).flatMap(([logical, { name }]) =>
      name === undefined || name === logical ? [] : [[logical, name] as const]
    );
  }

  /**
   * What the topics should be, under their real names, with a dead-letter topic for each of `read` (logical names).
   * @throws {Error} two topics would share a real name.
   */
  specs(options: WantedOptions): TopicSpec[] {
    return this.wanted(options).map(({ spec }) => spec);
  }

  /**
   * As `specs`, with the names in code and whose the topics are.
   * @throws {Error} two topics would share a real name.
   */
  wanted(options: WantedOptions): WantedTopic[] {
    const wanted = new Map<string, WantedTopic>();
    const owners = new Map<string, string>();
    const add = (logical: string, spec: TopicSpec, plugin: string | null) => {
      const owner = owners.get(spec.name);
      if (owner !== undefined && owner !== logical) {
        throw new Error(
          `Cannot name topic ${logical} ${spec.name}: ${owner} has that name; change topics."${logical}".name`,
        );
      }
      owners.set(spec.name, logical);
      wanted.set(spec.name, { logical, plugin, spec });
    };
    for (const [logical, [declared]] of this.#declared) {
      if (declared === undefined) continue;
      const { spec, plugin } = declared;
      add(logical, overridden(spec, options.overrides[logical] ?? {}, options.retentionMs), plugin);
    }
    for (const logical of new Set(options.read)) {
      const { spec: declared, plugin = null } = this.#declared.get(logical)?.[0] ??
        { spec: { name: logical, partitions: 1 } };
      const origin = overridden(declared, options.overrides[logical] ?? {}, options.retentionMs);
      const letters = deadLetterSpec(origin);
      if (!wanted.has(letters.name)) add(letters.name, letters, plugin);
    }
    return [...wanted.values()];
  }
}

function overridden(spec: TopicSpec, change: TopicOverride, retentionMs: number | undefined): TopicSpec {
  const kept = change.retention ?? spec.retentionMs ?? retentionMs;
  return {
    ...spec,
    name: change.name ?? spec.name,
    partitions: change.partitions ?? spec.partitions,
    ...(change.replication !== undefined && { replication: change.replication }),
    ...(kept !== undefined && { retentionMs: kept }),
    ...(change.max_record_bytes !== undefined && { maxRecordBytes: change.max_record_bytes }),
    ...(change.settings !== undefined && { settings: { ...spec.settings, ...change.settings } }),
  };
}

/** What is wrong with what a plugin says of values. Plugins in plain JavaScript have no types to tell them. */
function valuesProblem({ codec = "json", schema }: TopicValues): string | undefined {
  if (typeof codec === "string") {
    if (!Object.hasOwn(CODECS, codec)) {
      return `codec is "${codec}"; give "json", "bytes", "text" or an object with encode and decode`;
    }
    if (codec === "bytes" && schema !== undefined) return "bytes have no schema; give another codec or none";
  } else if (typeof codec?.encode !== "function" || typeof codec.decode !== "function") {
    return "its codec has no encode or no decode; give both";
  }
  if (schema !== undefined && (typeof schema !== "object" || schema === null || Array.isArray(schema))) {
    return "its schema is no object; give a JSON Schema";
  }
  return undefined;
}

function sameValues(a: TopicValues, b: TopicValues | undefined): boolean {
  if (b === undefined) return true;
  return (a.codec ?? "json") === (b.codec ?? "json") && isDeepStrictEqual(a.schema, b.schema);
}

/** The same text for the same spec, whatever the order of its keys. */
function canonical(spec: TopicSpec): string {
  return Object.entries(spec).filter(([, value]) => value !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : value}`).join(" ");
}
