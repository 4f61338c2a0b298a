import type { CliCommand, Invocation } from "./command.ts";
import type { OpenData } from "./open_data.ts";
import { count, duration, plural } from "./format.ts";
import { numberOption } from "./number_option.ts";

/** Milliseconds between two looks at how far it is. */
const LOOK_MS = 200;

/** `capstan outbox drain` */
export const outboxDrain: CliCommand = {
  path: "outbox drain",
  doc: "Wait until everything has gone to Kafka; where no agent runs, send it from here",
  more: "Ends with 1 where the time is over before everything is sent.",
  options: [{ flags: "-t, --timeout <seconds>", doc: "wait so long at most; default: for ever" }],
  examples: ["capstan outbox drain --timeout 60"],
  async run(call) {
    const seconds = numberOption("--timeout", call.options.timeout, { min: 1 });
    const { openData } = await import("./open_data.ts");
    const { kafkaSettingsOf } = await import("../plugin/kafka_settings_of.ts");
    await using data = await openData(call, { write: true });
    if (!kafkaSettingsOf(data.config.host)) {
      throw new Error(
        "Cannot drain the outbox: no Kafka is configured; set kafka.bootstrap_servers, or publisher.kafka.brokers",
      );
    }
    const timeout = seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1000)];
    await drain(call, data, AbortSignal.any([call.signal, ...timeout]));
  },
};

/** Drives a relay of this process; where an agent relays already, that one has the lease and this one only looks on. */
async function drain(call: Invocation, data: OpenData, signal: AbortSignal): Promise<void> {
  const { openKafka } = await import("../plugin/open_kafka.ts");
  const { declaredTopics } = await import("./make_host.ts");
  const { systemClock } = await import("../bus/clock.ts");
  const { createLogger } = await import("../telemetry/create_logger.ts");
  const { createMeter } = await import("../telemetry/meter.ts");
  const { io: { stdout, stderr } } = call;
  const { config: { host: settings }, local } = data;
  await using kafka = openKafka(settings, {
    log: local,
    specs: declaredTopics(call, data.config),
    realName: (topic) => data.topicName(topic),
    logger: createLogger({ level: call.globals.debug ? "debug" : "error" }),
    meter: createMeter(),
    clock: systemClock,
    random: Math.random,
  });
  const began = performance.now();
  const before = await kafka.relay.lag();
  kafka.start();
  const ended = new AbortController();
  const showing = stderr.isTerminal ? show(() => kafka.relay.lag(), stderr, ended.signal) : undefined;
  try {
    await kafka.relay.caughtUp(signal);
    await stdout.write(
      before === 0
        ? "nothing waited\n"
        : `sent ${plural(before, "event")} in ${duration(performance.now() - began)}; nothing waits\n`,
    );
  } catch (cause) {
    call.signal.throwIfAborted();
    if (!signal.aborted) throw cause;
    const why = kafka.health().detail;
    throw new Error(
      `Cannot drain the outbox in time: ${plural(await kafka.relay.lag(), "event")} still wait${
        why ? `; ${why}` : ""
      }`,
      { cause },
    );
  } finally {
    ended.abort();
    await showing;
  }
}

/** One line on a terminal, written anew while it lasts. */
async function show(
  lag: () => Promise<number>,
  stderr: Invocation["io"]["stderr"],
  ended: AbortSignal,
): Promise<void> {
  const { systemClock } = await import("../bus/clock.ts");
  while (!ended.aborted) {
    await stderr.write(`\r\x1b[K${count(await lag())} waiting …`);
    await systemClock.sleep(LOOK_MS, ended);
  }
  await stderr.write("\r\x1b[K");
}
