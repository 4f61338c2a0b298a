import type { Bus } from "../bus/bus.ts";
import type { BusDriver, TopicSpec } from "../bus/contract.ts";
import type { LagSource, OwnGroup } from "../bus/lag_look.ts";
import { RELAY_GROUP } from "../bus/relay/schema.ts";
import { isSingleGroup } from "../bus/stream/redriven.ts";

/** What decides whose lag is measured. */
export interface LagSourcesOptions {
  bus: Bus;
  /** Where Kafka is the bus. */
  kafka?: Pick<BusDriver, "groups">;
  /** Topics as they should be, under their real names. */
  specs: readonly TopicSpec[];
  /** The agent's groups by what they read. */
  groupsOf(source: "local" | "kafka"): readonly OwnGroup[];
}

/** Milliseconds for which one look at Kafka's groups serves every reader of the metrics. */
const FRESH_MS = 3_000;

/**
 * The agent's own groups and its relay; of the others all groups of the log where that is the bus, and on Kafka those
 * with commits on declared topics.
 */
export function lagSources({ bus, kafka, specs, groupsOf }: LagSourcesOptions): LagSource[] {
  const { relay } = bus;
  const relayed = specs.filter(({ name }) => relay?.relays(name)).map(({ name }) => name);
  const local: LagSource = {
    groups: bus.log.groups,
    own: [...groupsOf("local"), ...relay ? [{ group: relay.group, topics: relayed }] : []],
    freshMs: 0,
  };
  // A relay that was configured once, and is no longer, is behind for ever.
  if (kafka === undefined) {
    return [{
      ...local,
      others: ({ group }) => group !== RELAY_GROUP && !isSingleGroup(group),
    }];
  }
  const shared = new Set(specs.filter(({ localOnly }) => !localOnly).map(({ name }) => name));
  return [local, {
    groups: kafka.groups,
    own: groupsOf("kafka"),
    others: ({ group, topic }) => shared.has(topic) && !isSingleGroup(group),
    freshMs: FRESH_MS,
  }];
}
