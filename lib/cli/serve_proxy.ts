import type { CliCommand } from "./command.ts";
import { RELOADS, RUN_OPTIONS, runAgent } from "./run.ts";

/** tapes' flags, with `-s` and `-d` that every command has. */
const TAPES_FLAGS: readonly string[] = [
  "plugins.tapes.listen",
  "plugins.tapes.upstream",
  "plugins.tapes.provider",
  "plugins.tapes.project",
  "publisher.kafka.brokers",
  "publisher.kafka.topic",
  "publisher.kafka.client_id",
];

/** `capstan serve proxy` */
export const serveProxy: CliCommand = {
  path: "serve proxy",
  doc: "Start the recording proxy, with tapes' flags",
  more:
    "With --kafka-brokers and --kafka-topic every new node is published to that topic. The admin listener takes a\n" +
    `free port unless admin.listen is set. ${RELOADS}`,
  reloads: true,
  options: RUN_OPTIONS,
  settings: (key) => TAPES_FLAGS.includes(key),
  examples: [
    "capstan serve proxy --provider openai -u https://api.openai.com",
    "capstan serve proxy -l :8080 --kafka-brokers kafka:9092 --kafka-topic tapes.nodes.v1",
  ],
  run: (call) =>
    runAgent(call, {
      only: (plugin) => plugin.name === "tapes",
      // Several proxies may run on one machine, each beside its own agent.
      defaults: [{ key: "admin.listen", name: "serve proxy", value: "127.0.0.1:0" }],
    }),
};
