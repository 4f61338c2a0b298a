import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { recordsToTheEnd } from "../../../lib/plugin/kafka_records.ts";
import { openStore } from "../../../lib/store/open_store.ts";

Deno.test("recordsToTheEnd() gives what a topic has at the call, in order within each partition", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-records-" });
  try {
    await using store = await openStore({ file: join(folder, "capstan.sqlite") });
    await using log = await openLocalLog(store);
    await log.topics.apply([{ name: "real", partitions: 3 }, { name: "empty", partitions: 2 }]);
    const send = (count: number, partition: number) =>
      log.send(Array.from({ length: count }, (_, at) => ({
        topic: "real",
        partition,
        value: Buffer.from(`${partition}/${at}`),
      })));
    await send(700, 0);
    await send(3, 2);
    const signal = new AbortController().signal;
    const found: string[] = [];
    for await (
      const { topic, partition, value } of recordsToTheEnd(log, { topic: "logical", name: "real", signal })
    ) {
      if (found.length === 0) await send(5, 1); // came behind the call
      assert.equal(topic, "logical");
      assert.equal(partition, Number(Buffer.from(value ?? []).toString().split("/")[0]));
      found.push(Buffer.from(value ?? []).toString());
    }
    const of = (partition: string) => found.filter((each) => each.startsWith(`${partition}/`));
    assert.deepEqual(of("0"), Array.from({ length: 700 }, (_, at) => `0/${at}`));
    assert.deepEqual([of("1"), of("2")], [[], ["2/0", "2/1", "2/2"]]);
    for await (const record of recordsToTheEnd(log, { topic: "e", name: "empty", signal })) {
      assert.fail(`${record}`);
    }
    for await (const record of recordsToTheEnd(log, { topic: "n", name: "none", signal })) {
      assert.fail(`${record}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("recordsToTheEnd() says what a bus does not give", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-records-" });
  try {
    await using store = await openStore({ file: join(folder, "capstan.sqlite") });
    await using log = await openLocalLog(store);
    await log.topics.apply([{ name: "real", partitions: 1 }]);
    await log.send([{ topic: "real", value: null }]);
    const partitions = [{ partition: 0, startOffset: 0, endOffset: 2 }];
    const promised = {
      topics: {
        describe: () => Promise.resolve([{ name: "real", replication: 1, settings: {}, partitions }]),
      },
      open: log.open.bind(log),
    };
    const signal = new AbortController().signal;
    const read = async () => {
      let count = 0;
      for await (const _ of recordsToTheEnd(promised, { topic: "t", name: "real", signal }, 5)) count++;
      return count;
    };
    await assert.rejects(read(), /Cannot read all of real: nothing more came of partition 0 up to 2/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
