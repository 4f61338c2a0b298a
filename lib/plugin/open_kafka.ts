import { hostname } from "node:os";
import process from "node:process";
import { KafkaError } from "../bus/kafka/error.ts";
import { KafkaBus } from "../bus/kafka/kafka_bus.ts";
import { kafkaRelay } from "../bus/kafka/relay.ts";
import { busMetrics } from "../bus/metrics.ts";
import { prepareTopics } from "../bus/relay/prepare.ts";
import { RELAY_GROUP } from "../bus/relay/schema.ts";
import type { RelayTopic } from "../bus/relay/target.ts";
import { DEFAULT_RETRY, retryDelay } from "../bus/stream/retry.ts";
import type { Health } from "../telemetry/health.ts";
import { errorChain } from "../telemetry/plain.ts";
import type { HostSettings } from "./host_contract.ts";
import type { KafkaContext, KafkaPart } from "./host_parts.ts";
import { kafkaSettingsOf } from "./kafka_settings_of.ts";

/** The topic that `[publisher.kafka]` sends on, as tapes has it. */
const PUBLISHED = "tapes.nodes.v1";
/** Milliseconds between two looks whether the brokers still answer. */
const PING_EVERY_MS = 5_000;

/** Kafka's part of an agent whose settings name brokers: the bus and the relay, or the relay of nodes alone. */
export function openKafka(settings: HostSettings, context: KafkaContext): KafkaPart {
  const cluster = kafkaSettingsOf(settings);
  if (cluster === undefined) {
    throw new Error("Cannot open Kafka: no brokers are configured; set kafka.bootstrap_servers");
  }
  const { log, logger, meter, clock, random } = context;
  const topics = (settings.kafka?.bootstrap_servers ?? []).length > 0
    ? context.specs.filter(({ localOnly }) => !localOnly).map((spec): RelayTopic => ({
      local: spec.name,
      spec,
    }))
    : publishedTopics(settings, context);
  /** Until the first attempt to make the topics is over, nobody asks for one that is not there yet. */
  const tried = Promise.withResolvers<void>();
  const driver = (settings.kafka?.bootstrap_servers ?? []).length > 0
    ? new KafkaBus(cluster, {
      log: logger.child({ component: "kafka" }),
      clock,
      topicsTried: tried.promise,
    })
    : undefined;
  const relay = kafkaRelay(cluster, {
    store: log.store,
    log,
    topics,
    holder: `${hostname()}:${process.pid}`,
    logger: logger.child({ component: "relay" }),
    meter,
    clock,
    random,
    ...(driver && { metrics: busMetrics(meter), topicsTried: tried.promise }),
  });
  const relayed = new Set(topics.map(({ local }) => local));
  const stopping = new AbortController();
  let trouble: string | undefined = driver ? "connecting" : undefined;
  /** What the topics there are lack, for health; nothing stops for it. */
  let different: string | undefined;
  let watching: Promise<void> | undefined;

  /** Brings the topics up, then looks now and then whether the brokers answer. */
  async function watch(bus: KafkaBus): Promise<void> {
    let prepared = false;
    let compared = false;
    for (let failed = 0; !stopping.signal.aborted;) {
      let delayMs = PING_EVERY_MS;
      try {
        if (!prepared) {
          await prepareTopics(
            bus.topics,
            topics.map(({ spec }) => spec),
            logger.child({ component: "kafka" }),
          );
        }
        prepared = true;
        tried.resolve();
        await bus.ping(stopping.signal);
        if (trouble !== undefined) logger.info("Kafka answers.", { component: "kafka" });
        trouble = undefined;
        failed = 0;
        if (!compared) await compare(bus);
        compared = true;
      } catch (error) {
        tried.resolve();
        if (stopping.signal.aborted) return;
        if (failed++ === 0) {
          logger.warn("Kafka can't be used yet; it is tried again.", { component: "kafka", error });
        }
        trouble = errorChain(error);
        delayMs = retryDelay(failed, DEFAULT_RETRY, random);
      }
      await clock.sleep(delayMs, stopping.signal);
    }
  }

  /** Topics that were there before are left as they are; somebody should know where that is not as declared. */
  async function compare(bus: KafkaBus): Promise<void> {
    const brokers = await bus.topics.brokers?.().catch(() => Infinity) ?? Infinity;
    // They were made with as many copies as there can be, and that was said.
    const specs = topics.map(({ spec }) =>
      (spec.replication ?? 0) > brokers ? { ...spec, replication: brokers } : spec
    );
    const changes = await bus.topics.plan(specs).catch((error) => {
      if (error instanceof KafkaError && error.failure === "authorization") return []; // it need not know
      throw error;
    });
    const names = [...new Set(changes.map(({ topic }) => topic))];
    if (names.length === 0) return;
    different = `${names.join(", ")}: not as declared; capstan topics plan says how`;
    logger.warn("Topics are not as declared; capstan topics plan says how.", {
      component: "kafka",
      topics: names,
      differences: changes.map(({ topic, detail }) => `${topic}: ${detail}`),
    });
  }

  const relayHealth = (): Health => {
    const { trouble: reason, state, outbox } = relay.status();
    const figures = { lag: outbox?.lag ?? 0, refused: outbox?.refused ?? 0 };
    return reason === undefined
      ? { status: "ok", detail: state, figures }
      : { status: "degraded", detail: reason, figures };
  };

  return {
    driver,
    relay: {
      group: RELAY_GROUP,
      relays: (topic) => relayed.has(topic),
      start: () => relay.start(),
      caughtUp: (signal) => relay.drain(signal),
      lag: async () => (await log.lag(RELAY_GROUP, [...relayed])).reduce((sum, { lag }) => sum + lag, 0),
      health: relayHealth,
      stop: () => relay.close(),
    },
    start: () => {
      relay.start();
      if (driver) watching ??= watch(driver);
    },
    health: () =>
      trouble === undefined
        ? { status: "ok", ...(different !== undefined && { detail: different }) }
        : { status: "degraded", detail: trouble },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      tried.resolve();
      await relay.close();
      await watching;
      await driver?.close();
    },
  };
}

function publishedTopics({ publisher }: HostSettings, { specs, realName }: KafkaContext): RelayTopic[] {
  const name = publisher?.kafka?.topic;
  const spec = specs.find((each) => each.name === realName(PUBLISHED));
  return name === undefined || spec === undefined ? [] : [{ local: spec.name, spec: { ...spec, name } }];
}
