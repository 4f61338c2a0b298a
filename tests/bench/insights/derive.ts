import type { BusDriver } from "../../../lib/bus/contract.ts";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { startBroker } from "../../kafka/broker.ts";
import { kafkaAvailable } from "../../kafka/jars.ts";
import { silent } from "../../lib/bus/kafka/bench.ts";
import { freePort, usage } from "../process.ts";
import { short } from "../table.ts";
import { insightsAgent } from "./agent.ts";
import { countEvents } from "./count_events.ts";
import { benchRecord } from "./turns.ts";

const TOPIC = "tapes.turns.v1";
const TENANTS = 100;

/** Of ten turns; see `benchTurn`. */
const EVENTS_OF_TEN = 52;

/** Events derived a second from turns that wait, on both buses; the joins and rules behind them run too. */
export async function measureDerive(turns: number): Promise<string[][]> {
  const rows = [await local(turns)];
  if ((await kafkaAvailable()).ok) rows.push(await kafka(turns));
  else rows.push(["Apache Kafka", "needs Java and Maven", "", ""]);
  return rows;
}

async function local(turns: number): Promise<string[]> {
  const { file, run } = await insightsAgent({ apiPort: freePort() });
  {
    await using store = await openStore({ file });
    await using log = await openLocalLog(store);
    await fill(log, turns);
  }
  await using agent = await run();
  await using store = await openStore({ file, readOnly: true });
  await using log = await openLocalLog(store);
  return await measure("the embedded log", log, { turns, pid: agent.pid });
}

async function kafka(turns: number): Promise<string[]> {
  await using broker = await startBroker();
  await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, { log: silent });
  await fill(bus, turns);
  const { run } = await insightsAgent({
    apiPort: freePort(),
    more: `[kafka]\nbootstrap_servers = ["${broker.bootstrap}"]`,
  });
  await using agent = await run();
  return await measure("Apache Kafka, exactly once", bus, { turns, pid: agent.pid });
}

async function fill(bus: BusDriver, turns: number): Promise<void> {
  await bus.topics.apply([{ name: TOPIC, partitions: 6, replication: 1 }]);
  const from = Date.now() - turns;
  for (let at = 0; at < turns; at += 500) {
    const count = Math.min(500, turns - at);
    await bus.send(
      Array.from(
        { length: count },
        (_, i) => benchRecord(TOPIC, { number: at + i, tenants: TENANTS, endedMs: from + at + i }),
      ),
    );
  }
}

async function measure(
  name: string,
  bus: BusDriver,
  { turns, pid }: { turns: number; pid: number },
): Promise<string[]> {
  const { events, seconds } = await countEvents(bus, turns / 10 * EVENTS_OF_TEN);
  return [name, `${turns}`, short(events / seconds), short(usage(pid).cpuSeconds / events * 1e6)];
}
