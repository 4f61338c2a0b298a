import type { TopicSpec } from "../bus/contract.ts";
import type { LocalBus } from "../bus/local/local_bus.ts";
import type { SqliteStore } from "../store/sqlite_store.ts";
import { errorChain } from "../telemetry/plain.ts";
import type { HostOptions } from "./host_contract.ts";
import type { Registry } from "./registry.ts";

/** Applies the plugins' migrations and makes the local topics; gives the topics as they should be. */
export async function prepareStore(
  store: SqliteStore,
  log: LocalBus,
  registry: Registry,
  { settings }: Pick<HostOptions, "settings">,
): Promise<TopicSpec[]> {
  for (const { plugin, migrations } of registry.stores) {
    try {
      await store.migrate(plugin, migrations);
    } catch (cause) {
      throw new Error(`Cannot prepare the tables of plugin ${plugin}: ${errorChain(cause)}`, { cause });
    }
  }
  const specs = wantedTopics(registry, settings);
  const done = await log.topics.apply(specs);
  const impossible = done.filter(({ kind }) => kind === "impossible");
  if (impossible.length > 0) {
    throw new Error(`Cannot prepare the topics: ${impossible.map(({ detail }) => detail).join("; ")}`);
  }
  return specs;
}

/** The topics plugins declared, as they should be, under their real names. */
export function wantedTopics(registry: Registry, settings: HostOptions["settings"]): TopicSpec[] {
  return registry.topics.specs({
    overrides: settings.topics,
    retentionMs: settings.log.retention,
    read: registry.streams.flatMap(({ options }) => options.topics),
  });
}
