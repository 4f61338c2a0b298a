import type { TopicSpec } from "../bus/contract.ts";
import type { LocalBus } from "../bus/local/local_bus.ts";
import type { SqliteStore } from "../store/sqlite_store.ts";
import { errorChain } from "../telemetry/plain.ts";
import type { HostOptions } from "./host_contract.ts";
import type { Registry } from "./registry.ts";
import type { WantedTopic } from "./topics.ts";

/** Applies the plugins' migrations and makes the local topics; gives the topics as they should be. */
export async function prepareStore(
  store: SqliteStore,
  log: LocalBus,
  registry: Registry,
  { settings, log: logger }: Pick<HostOptions, "settings" | "log">,
): Promise<TopicSpec[]> {
  for (const { plugin, migrations } of registry.stores) {
    try {
      await store.migrate(plugin, migrations);
    } catch (cause) {
      throw new Error(`Cannot prepare the tables of plugin ${plugin}: ${errorChain(cause)}`, { cause });
    }
  }
  const specs = wantedTopics(registry, settings).map(({ spec }) => spec);
  await log.topics.apply(specs);
  for (const { topic, detail } of await log.topics.plan(specs)) {
    logger.child({ component: "agent" }).warn("A topic of the log stays as it is.", { topic, detail });
  }
  return specs;
}

/** The topics plugins declared, as they should be. */
export function wantedTopics(registry: Registry, settings: HostOptions["settings"]): WantedTopic[] {
  return registry.topics.wanted({
    overrides: settings.topics,
    retentionMs: settings.log.retention,
    read: registry.streams.flatMap(({ options }) => options.topics),
  });
}
