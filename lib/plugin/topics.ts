import type { TopicSpec } from "../bus/contract.ts";
import { deadLetterSpec } from "../bus/stream/dead_letters.ts";
import type { TopicOverride } from "./host_contract.ts";

/** Topics as plugins declared them, by logical name. */
export class DeclaredTopics {
  readonly #declared = new Map<string, { spec: TopicSpec; plugin: string }>();

  /**
   * Adds a topic.
   * @throws {Error} another plugin declared it otherwise.
   */
  declare(plugin: string, spec: TopicSpec): void {
    const before = this.#declared.get(spec.name);
    if (before && canonical(before.spec) !== canonical(spec)) {
      throw new Error(
        `Cannot declare topic ${spec.name} for ${plugin}: ${before.plugin} declared it otherwise ` +
          `(${canonical(before.spec)}, not ${canonical(spec)}); agree on one`,
      );
    }
    this.#declared.set(spec.name, { spec, plugin });
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
  specs(options: {
    overrides: Readonly<Record<string, TopicOverride>>;
    /** Milliseconds, for topics that say nothing. */
    retentionMs?: number;
    read: Iterable<string>;
  }): TopicSpec[] {
    const specs = new Map<string, TopicSpec>();
    const owners = new Map<string, string>();
    const add = (logical: string, spec: TopicSpec) => {
      const owner = owners.get(spec.name);
      if (owner !== undefined && owner !== logical) {
        throw new Error(
          `Cannot name topic ${logical} ${spec.name}: ${owner} has that name; change topics."${logical}".name`,
        );
      }
      owners.set(spec.name, logical);
      specs.set(spec.name, spec);
    };
    for (const [logical, { spec }] of this.#declared) {
      add(logical, overridden(spec, options.overrides[logical] ?? {}, options.retentionMs));
    }
    for (const logical of new Set(options.read)) {
      const declared = this.#declared.get(logical)?.spec ?? { name: logical, partitions: 1 };
      const origin = overridden(declared, options.overrides[logical] ?? {}, options.retentionMs);
      const letters = deadLetterSpec(origin);
      if (!specs.has(letters.name)) add(letters.name, letters);
    }
    return [...specs.values()];
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
  };
}

/** The same text for the same spec, whatever the order of its keys. */
function canonical(spec: TopicSpec): string {
  return Object.entries(spec).filter(([, value]) => value !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : value}`).join(" ");
}
