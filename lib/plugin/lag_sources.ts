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
  /** Topics as they should be, under their real names; asked at each look. */
  specs(): readonly TopicSpec[];
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
  const relayed = () => specs().filter(({ name }) => relay?.relays(name)).map(({ name }) => name);
  // Asked at each look: plugins come and go.
  const local = {
    groups: bus.log.groups,
    get own() {
      return [...groupsOf("local"), ...relay ? [{ group: relay.group, topics: relayed() }] : []];
    },
    freshMs: 0,
  };
  // A relay that was configured once, and is no longer, is behind for ever.
  if (kafka === undefined) {
    return [{
      groups: local.groups,
      get own() {
        return local.own;
      },
      freshMs: local.freshMs,
      others: ({ group }) => group !== RELAY_GROUP && !isSingleGroup(group),
    }];
  }
  const isShared = (topic: string) => specs().some(({ name, localOnly }) => name === topic && !localOnly);
  return [local, {
    groups: kafka.groups,
    get own() {
      return groupsOf("kafka");
    },
    others: ({ group, topic }) => isShared(topic) && !isSingleGroup(group),
    freshMs: FRESH_MS,
  }];
}
