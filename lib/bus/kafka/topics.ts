import type { Admin } from "@platformatic/kafka";
import type { Position, TopicAdmin, TopicChange, TopicDescription, TopicSpec } from "../contract.ts";
import type { Clock } from "../clock.ts";
import type { KafkaClients } from "./clients.ts";
import { kafkaError } from "./error.ts";
import { type ListedOffset, listOffsets } from "./offsets.ts";
import { patiently } from "./patience.ts";
import { topicNames } from "./topic_names.ts";
import { type ActualTopic, type PlannedChange, planTopics, wantedSettings } from "./topic_plan.ts";

/** Kafka's number for topics in requests about settings, for "set", and for a setting of the topic's own. */
const TOPIC = 2;
const SET = 0;
const TOPIC_CONFIG = 1;

/** Settings a description always has, whether they are the topic's own or the cluster's. */
const ALWAYS = ["cleanup.policy", "retention.ms", "max.message.bytes"];

/** By topic: every setting in force, and which of them are the topic's own. */
type TopicSettings = Map<string, { all: Record<string, string>; own: Set<string> }>;

/** A topic as the cluster tells it. */
interface ReadTopic extends ActualTopic {
  /** Names of the settings that are its own, not the cluster's. */
  own: ReadonlySet<string>;
}

/** Topics of a cluster. */
export class KafkaTopics implements TopicAdmin {
  readonly #clients: KafkaClients;
  readonly #clock: Clock;
  readonly #ending: AbortSignal;
  /** One change at a time: the library takes two requests for partitions at once for the same one. */
  #applying: Promise<unknown> = Promise.resolve();

  /** Connects nothing yet; waits no longer once `ending` aborts. */
  constructor(clients: KafkaClients, clock: Clock, ending: AbortSignal) {
    this.#clients = clients;
    this.#clock = clock;
    this.#ending = ending;
  }

  /** See `TopicAdmin`. */
  async describe(names?: readonly string[]): Promise<TopicDescription[]> {
    const action = "describe topics";
    const found = await this.#read(action, names, { settings: "if allowed" });
    const all = found.flatMap(({ name, partitions }) =>
      partitions.map((_, partition) => ({ topic: name, partition }))
    );
    const admin = await this.#clients.admin();
    const [start, end] = await patiently(
      action,
      this.#clock,
      this.#ending,
      async () =>
        (await Promise.all([listOffsets(admin, all, "earliest"), listOffsets(admin, all, "latest")])).map(
          byPlace,
        ),
    );
    return found.map(({ name, partitions, replication, settings, own }) => ({
      name,
      partitions: partitions.map((_, partition) => ({
        partition,
        startOffset: start?.get(`${partition}/${name}`) ?? 0,
        endOffset: end?.get(`${partition}/${name}`) ?? 0,
      })),
      replication,
      settings: Object.fromEntries(
        Object.entries(settings).filter(([setting]) => own.has(setting) || ALWAYS.includes(setting)),
      ),
    }));
  }

  /** See `TopicAdmin`. */
  async plan(specs: readonly TopicSpec[]): Promise<TopicChange[]> {
    return (await this.#plan(specs)).map(({ change }) => change);
  }

  /**
   * See `TopicAdmin`.
   * @throws {ReplicationError} a topic to be created asks for more copies than there are brokers; nothing was done.
   * @throws {KafkaError} the cluster refused a change; those before it were made.
   */
  apply(specs: readonly TopicSpec[]): Promise<TopicChange[]> {
    const applying = this.#applying.then(() => this.#apply(specs));
    this.#applying = applying.catch(() => undefined);
    return applying;
  }

  /** See `TopicAdmin`. */
  async deleteRecords({ topic, partition, offset }: Position): Promise<number> {
    const action = `delete records of topic "${topic}" before offset ${offset} of partition ${partition}`;
    try {
      const admin = await this.#clients.admin();
      const partitions = [{ partition, offset: BigInt(offset) }];
      const [deleted] = await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
      return Number(deleted?.partitions[0]?.lowWatermark ?? offset);
    } catch (cause) {
      throw kafkaError(action, cause);
    }
  }

  /** See `TopicAdmin`. */
  async brokers(): Promise<number> {
    return (await this.#clients.metadata("count brokers", [])).brokers.size;
  }

  async #apply(specs: readonly TopicSpec[]): Promise<TopicChange[]> {
    const planned = await this.#plan(specs);
    for (const { replication } of planned) if (replication !== undefined) throw replication;
    const done = planned.filter(({ change }) => change.kind !== "impossible");
    const admin = await this.#clients.admin();
    for (const step of done) {
      try {
        await this.#do(admin, step);
      } catch (cause) {
        const verb = { create: "create", "add-partitions": "add partitions to", "change-setting": "change" };
        const { topic, kind } = step.change;
        if (kind !== "impossible") throw kafkaError(`${verb[kind]} topic "${topic}"`, cause);
      }
    }
    await this.#untilKnown(
      done.filter(({ change }) => change.kind === "create").map(({ spec }) => spec.name),
    );
    return done.map(({ change }) => change);
  }

  async #plan(specs: readonly TopicSpec[]): Promise<PlannedChange[]> {
    const wanted = specs.filter((spec) => !spec.localOnly);
    if (wanted.length === 0) return [];
    const [actual, { brokers }] = await Promise.all([
      this.#read("plan topics", wanted.map((spec) => spec.name), { settings: "needed" }),
      this.#clients.metadata("plan topics", []),
    ]);
    return planTopics(wanted, actual, brokers.size);
  }

  async #do(admin: Admin, { change, spec, setting }: PlannedChange): Promise<void> {
    const topic = spec.name;
    if (change.kind === "create") {
      // Settings belong beside `topics`: on a topic of the list the library drops them.
      const configs = Object.entries(wantedSettings(spec)).map(([name, value]) => ({ name, value }));
      const topics = [{ topic, partitions: spec.partitions, replicas: spec.replication }];
      await admin.createTopics({ topics, configs }).catch((error: unknown) => {
        if (!String(kafkaCodes(error)).includes("TOPIC_ALREADY_EXISTS")) throw error;
      });
    } else if (change.kind === "add-partitions") {
      await admin.createPartitions({ topics: [{ name: topic, count: spec.partitions }] });
    } else if (setting !== undefined) {
      const configs = [{ name: setting.name, value: setting.value, configOperation: SET } as const];
      // Not `alterConfigs`, which resets every setting it does not name.
      await admin.incrementalAlterConfigs({
        resources: [{ resourceType: TOPIC, resourceName: topic, configs }],
      });
    }
  }

  /** The controller knows a new topic before the brokers do. */
  async #untilKnown(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    for (let attempt = 0;; attempt++) {
      try {
        const metadata = await this.#clients.metadata("create topics", names);
        if (
          [...metadata.topics.values()].every((topic) => topic.partitions.every(({ leader }) => leader >= 0))
        ) return;
      } catch (error) {
        if (attempt >= 50) throw error;
      }
      if (attempt >= 50) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Partitions and settings of topics, of all or those named; a name that does not exist is left out. */
  async #read(
    action: string,
    names: readonly string[] | undefined,
    how: { settings: "needed" | "if allowed" },
  ): Promise<ReadTopic[]> {
    const admin = await this.#clients.admin();
    // A partition that was just made has no leader at first.
    return await patiently(action, this.#clock, this.#ending, async () => {
      const existing = await topicNames(admin);
      const wanted = names === undefined ? existing : existing.filter((name) => names.includes(name));
      if (wanted.length === 0) return [];
      const [metadata, settings] = await Promise.all([
        admin.metadata({ topics: wanted, forceUpdate: true }),
        this.#settings(admin, wanted).catch((cause): TopicSettings => {
          // Who may only read and write topics must be able to tell that they are there.
          const optional = how.settings === "if allowed";
          if (optional && kafkaError(action, cause).failure === "authorization") return new Map();
          throw cause;
        }),
      ]);
      return wanted.map((name) => {
        const partitions = metadata.topics.get(name)?.partitions ?? [];
        return {
          name,
          partitions,
          replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
          settings: settings.get(name)?.all ?? {},
          own: settings.get(name)?.own ?? new Set<string>(),
        };
      });
    });
  }

  async #settings(admin: Admin, topics: readonly string[]): Promise<TopicSettings> {
    const resources = topics.map((resourceName) => ({ resourceType: TOPIC, resourceName } as const));
    const found: TopicSettings = new Map();
    for (const { resourceName, configs } of await admin.describeConfigs({ resources })) {
      const known = configs.filter((config) => config.value !== null);
      found.set(resourceName, {
        all: Object.fromEntries(known.map(({ name, value }) => [name, value ?? ""])),
        own: new Set(
          known.filter(({ configSource }) => configSource === TOPIC_CONFIG).map(({ name }) => name),
        ),
      });
    }
    return found;
  }
}

function byPlace(offsets: readonly ListedOffset[]): Map<string, number> {
  return new Map(offsets.map(({ topic, partition, offset }) => [`${partition}/${topic}`, offset]));
}

function kafkaCodes(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = "apiId" in error ? [String(error.apiId)] : [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(kafkaCodes) : [];
  return [...own, ...inner, ...kafkaCodes(error.cause)];
}
