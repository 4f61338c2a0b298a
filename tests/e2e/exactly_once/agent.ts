import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { createHost } from "../../../lib/plugin/host.ts";
import type { HostSettings } from "../../../lib/plugin/host_contract.ts";
import type { KafkaContext, KafkaPart } from "../../../lib/plugin/host_parts.ts";
import { kafkaSettingsOf } from "../../../lib/plugin/kafka_settings_of.ts";
import { openKafka } from "../../../lib/plugin/open_kafka.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";
import { counting } from "./counting.ts";
import { type Fault, Faults } from "./faults.ts";

/** What an agent is told, as JSON in its one argument. */
export interface AgentOptions {
  /** Its file. */
  storeFile: string;
  /** `host:port` of a broker; without one the local log is the bus. */
  bootstrap?: string;
  /** Real names of the topics. */
  topics: { in: string; out: string };
  /** Consumer group of its stream. */
  group: string;
  /** Where it kills itself. */
  fault?: Fault;
}

/** A member that was killed is missed soon. */
const MEMBER_TIMES = { sessionMs: 2_000, heartbeatMs: 150, rebalanceMs: 10_000 };

/** An agent with one plugin, until its standard input ends. Says on standard output what it does, a line each. */
async function main(options: AgentOptions): Promise<void> {
  const { storeFile, bootstrap, topics, group } = options;
  const faults = new Faults(options.fault);
  const settings: HostSettings = {
    store: {},
    log: {},
    admin: { listen: "127.0.0.1:0" },
    topics: { in: { name: topics.in }, out: { name: topics.out } },
    ...(bootstrap && { kafka: { bootstrap_servers: [bootstrap] } }),
  };
  const log = createLogger({ sink: say, level: "info" });
  /** Kafka as the agent opens it, with members that are missed soon and with the faults around it. */
  const openWithFaults = (context: KafkaContext): KafkaPart => {
    const part = openKafka(settings, context);
    const bus = new KafkaBus(kafkaSettingsOf(settings) ?? { bootstrapServers: [] }, {
      log,
      memberTimes: MEMBER_TIMES,
    });
    faults.watch(bus);
    return {
      ...part,
      driver: bus,
      [Symbol.asyncDispose]: async () => {
        await bus.close();
        await part[Symbol.asyncDispose]();
      },
    };
  };
  const host = createHost({
    plugins: [counting(faults, group, say)],
    settings,
    pluginSettings: {},
    storeFile,
    version: "0.0.0",
    log,
    meter: createMeter(),
    ...(bootstrap && { parts: { openKafka: openWithFaults } }),
  });
  await host.start();
  say("started");
  for await (const _ of Deno.stdin.readable) {
    // Its end is what counts.
  }
  const { drained, left } = await host.stop();
  say(`stopped ${drained} ${left.join("; ")}`);
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line.trimEnd()}\n`));
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));
