import { readJson } from "../json/read_json.ts";
import { busSettings } from "./bus_settings.ts";
import type { CliCommand, Invocation } from "./command.ts";
import type { OpenData } from "./open_data.ts";
import { count, duration, plural } from "./format.ts";
import { numberOption } from "./number_option.ts";

/** Milliseconds between two looks at how far it is. */
const LOOK_MS = 200;
/** Milliseconds an agent is given before it says how far it is. */
const ASK_MS = 1_000;

/** `capstan outbox drain` */
export const outboxDrain: CliCommand = {
  path: "outbox drain",
  doc: "Send everything that waits to Kafka: by the agent that runs, else from here",
  more: "Ends with 1 where the time is over before everything is sent.",
  options: [{ flags: "-t, --timeout <seconds>", doc: "wait so long at most; default: for ever" }],
  settings: busSettings,
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
    const signal = AbortSignal.any([call.signal, ...timeout]);
    if (!await drainByAgent(call, data, signal)) await drainHere(call, data, signal);
  },
};

/** What an agent answers to `POST /admin/outbox/drain`. */
interface Drained {
  drained: boolean;
  lag: number;
  detail?: string;
}

/** Lets the agent on this file send what waits. False: none runs there, or it sends nothing to Kafka. */
async function drainByAgent(
  call: Invocation,
  { config, store }: OpenData,
  signal: AbortSignal,
): Promise<boolean> {
  const { callAgent, NoAgentError } = await import("../access/call_agent.ts");
  const { io: { stdout, stderr } } = call;
  const began = performance.now();
  let last: Drained | undefined;
  for (;;) {
    if (signal.aborted) {
      call.signal.throwIfAborted();
      throw new Error(
        `Cannot drain the outbox in time: ${plural(last?.lag ?? 0, "event")} still wait${
          last?.detail ? `; ${last.detail}` : ""
        }`,
        { cause: signal.reason },
      );
    }
    let response: Response;
    try {
      response = await callAgent({
        storeFile: store.file,
        path: `/admin/outbox/drain?timeout_ms=${ASK_MS}`,
        token: config.host.admin.token,
        init: { method: "POST", signal },
      });
    } catch (error) {
      if (signal.aborted) continue;
      if (error instanceof NoAgentError && last === undefined) return false;
      throw error;
    }
    if (response.status === 409) {
      await response.body?.cancel();
      return false;
    }
    if (!response.ok) {
      throw new Error(
        `Cannot drain the outbox: the agent answers ${response.status}: ${await response.text()}`,
      );
    }
    last = readJson(await response.text());
    if (stderr.isTerminal) await stderr.write(`\r\x1b[K${count(last?.lag ?? 0)} waiting …`);
    if (!last?.drained) continue;
    if (stderr.isTerminal) await stderr.write("\r\x1b[K");
    await stdout.write(
      `the agent has sent everything, in ${duration(performance.now() - began)}; nothing waits\n`,
    );
    return true;
  }
}

/** Drives a relay of this process. */
async function drainHere(call: Invocation, data: OpenData, signal: AbortSignal): Promise<void> {
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
