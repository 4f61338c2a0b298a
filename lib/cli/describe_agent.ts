import type { Loaded } from "../config/load.ts";
import type { Host } from "../plugin/host_contract.ts";
import type { Style } from "./style.ts";
import { VERSION } from "./build.ts";

/** What a started agent says of itself: what listens where, where the data is, how to use it. */
export function describeAgent(
  { config, host }: { config: Loaded; host: Pick<Host, "announcements"> },
  style: Style,
): string {
  const { kafka, publisher, store } = config.host;
  const brokers = kafka.bootstrap_servers.length > 0 ? kafka.bootstrap_servers : publisher.kafka.brokers;
  const events = kafka.bootstrap_servers.length > 0
    ? `Kafka at ${brokers.join(", ")}`
    : publisher.kafka.topic !== undefined
    ? `the log in that file; nodes also to ${publisher.kafka.topic} at ${brokers.join(", ")}`
    : "the log in that file";
  const lines = [
    ...host.announcements(),
    `configuration: ${config.hasFile ? config.file : `the defaults; there is no ${config.file}`}`,
    `data: ${store.sqlite}`,
    `events: ${events}`,
  ];
  return `${style.bold(`capstan ${VERSION} is ready`)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
