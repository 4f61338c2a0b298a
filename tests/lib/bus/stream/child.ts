import { systemClock } from "../../../../lib/bus/clock.ts";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";

/**
 * A process that copies topic `in` to rows and to topic `out` until it has caught up, one line on standard output for
 * each commit. Meant to be killed: it waits for that at the batch whose number is its second argument.
 */
if (import.meta.main) {
  const [file = "", stopAt] = Deno.args;
  let batches = 0;
  await using store = await openStore({ file });
  await using log = await openLocalLog(store, { leaseMs: 300, heartbeatMs: 75 });
  const stream = new Stream({
    spec: {
      ...{ name: "t/copy", group: "copy", topics: ["in"], from: "earliest", lingerMs: 0, attempts: 3 },
      maxRecords: 7,
      maxBytes: 1_000_000,
    },
    driver: log,
    handler: async (batch) => {
      if (++batches >= Number(stopAt)) await new Promise(() => {});
      return {
        outputs: batch.records.map(({ value }) => ({ topic: "out", value })),
        write: (tx) => {
          for (const { value, offset } of batch.records) {
            tx.run("INSERT INTO copied VALUES (?, ?)", offset, value);
          }
        },
      };
    },
    realName: (topic) => topic,
    logicalName: (topic) => topic,
    log: createLogger({ level: "error" }),
    meter: createMeter(),
    clock: systemClock,
    random: Math.random,
    onCommit: () => console.log("commit"),
  });
  stream.start();
  await stream.caughtUp();
  await stream.stop();
}
