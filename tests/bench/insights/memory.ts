import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { freePort } from "../process.ts";
import { short } from "../table.ts";
import { insightsAgent } from "./agent.ts";
import { countEvents } from "./count_events.ts";
import { benchRecord } from "./turns.ts";

const TOPIC = "tapes.turns.v1";
const PARTS = 6;

/**
 * Memory of an agent over an hour of traffic of 1,000 tenants, as the events' times have it: after each ten minutes of
 * it, once its events are derived.
 */
export async function measureMemory(turns: number): Promise<string[][]> {
  const { file, run } = await insightsAgent({ apiPort: freePort() });
  await using agent = await run();
  await using store = await openStore({ file });
  await using log = await openLocalLog(store);
  const from = Date.now() - 3_600_000;
  const each = Math.ceil(turns / PARTS / 500) * 500;
  const rows: string[][] = [];
  for (let part = 0; part < PARTS; part++) {
    for (let at = part * each; at < (part + 1) * each; at += 500) {
      await log.send(Array.from({ length: 500 }, (_, i) => {
        const number = at + i;
        const endedMs = from + number / (each * PARTS) * 3_600_000;
        return benchRecord(TOPIC, { number, tenants: 1_000, endedMs });
      }));
    }
    await countEvents(log, (part + 1) * each / 10 * 52);
    const rss = /VmRSS:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${agent.pid}/status`))?.[1] ?? "0";
    const { size } = Deno.statSync(file);
    rows.push([
      `${(part + 1) * 10} min`,
      `${(part + 1) * each}`,
      short(Number(rss) / 1e3),
      short(size / 1e6),
    ]);
  }
  return rows;
}
