import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../../lib/store/open_store.ts";

/** Appends `count` records to a file with a store and log of its own, then posts their offsets. */
self.addEventListener(
  "message",
  async (event: MessageEvent<{ file: string; topic: string; count: number }>) => {
    const { file, topic, count } = event.data;
    const store = await openStore({ file, busyTimeoutMs: 5_000 });
    const log = await openLocalLog(store);
    const positions = await Promise.all(
      Array.from({ length: count }, () => log.send([{ topic, value: null }])),
    );
    await log.close();
    await store.close();
    self.postMessage(positions.flat().map(({ offset }) => offset));
  },
);
