import type { Bus } from "../bus/bus.ts";
import { RELAY_GROUP } from "../bus/relay/schema.ts";
import type { StreamStatus } from "../plugin/host_contract.ts";
import type { AgentFaults } from "./agent_faults.ts";
import type { Behind, LogView, Reading } from "./log_view.ts";
import type { RemoteBus } from "./remote_bus.ts";
import type { CapturedRecord, TestRecord } from "./test_agent_contract.ts";

/** A stream that reads. */
export type ReadingStream = Reading & Pick<StreamStatus, "source">;

/** What the logs of a test are. */
export interface TestLogsOptions {
  /** The agent's own log. */
  local: LogView;
  /** Where the bus is another one. */
  remote: RemoteBus | undefined;
  faults: AgentFaults;
}

/** The logs of a test, as it looks at them beside the agent. */
export class TestLogs {
  readonly #options: TestLogsOptions;

  constructor(options: TestLogsOptions) {
    this.#options = options;
  }

  /** The agent's own. */
  get local(): LogView {
    return this.#options.local;
  }

  /**
   * Hands records over where the streams read that read the topic.
   * @throws {TypeError} the topic does not take a value.
   */
  async deliver(
    topic: string,
    records: readonly TestRecord[],
    to: { bus: Bus; source: StreamStatus["source"] },
  ) {
    const { local, remote, faults } = this.#options;
    const { bus } = to;
    const outgoing = records.map((record) => bus.encode({ ...record, topic }));
    if (remote && to.source === "kafka") remote.view.delivered(await remote.view.log.send(outgoing));
    else if (faults.lasting) {
      local.delivered(await local.log.send(outgoing));
      bus.log.wake(outgoing.map((record) => record.topic));
    } else local.delivered(await bus.log.send(outgoing));
  }

  /** What was published to a topic, where it went. */
  published(topic: string, { names, codecs, relay }: Bus): CapturedRecord[] {
    const { local, remote } = this.#options;
    const real = names.real(topic);
    return (remote && relay?.relays(real) ? remote.view : local).published(topic, real, codecs);
  }

  /** The streams that have something before them, and the relay where it has. */
  behind(streams: readonly ReadingStream[], bus: Bus): Behind[] {
    const { local, faults } = this.#options;
    const relayed = local.topics().filter((topic) => bus.relay?.relays(topic));
    const relay = { name: "of the relay", group: RELAY_GROUP, topics: relayed };
    return [
      ...relayed.length > 0 && !faults.away ? local.behind([relay]) : [],
      ...local.behind(streams.filter(({ source }) => source === "local")),
      ...this.#bus().behind(streams.filter(({ source }) => source === "kafka")),
    ];
  }

  /** Streams that do not have all their partitions yet. */
  arriving(streams: readonly ReadingStream[]): Reading[] {
    return [
      ...this.local.arriving(streams.filter(({ source }) => source === "local")),
      ...this.#bus().arriving(streams.filter(({ source }) => source === "kafka")),
    ];
  }

  /** Moves the groups of these streams back to the first record of a topic. */
  async redeliver(streams: readonly ReadingStream[], topic: string, bus: Bus): Promise<void> {
    for (const { source, group, topics } of streams) {
      const log = source === "kafka" ? this.#bus().log : bus.log;
      if (topics.includes(topic)) await log.moveGroup(group, topic, "earliest");
    }
  }

  #bus(): LogView {
    return this.#options.remote?.view ?? this.local;
  }
}
