import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../lib/bus/clock.ts";
import type { BusDriver, BusRecord } from "../../../../lib/bus/contract.ts";
import type { StreamHandler } from "../../../../lib/bus/handler.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER } from "../../../../lib/bus/stream/fences.ts";
import { withRowStore } from "../../../../lib/bus/stream/rows_first.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { StreamOptions, StreamSpec } from "../../../../lib/bus/stream/stream_options.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import type { SqliteStore } from "../../../../lib/store/sqlite_store.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { awaitedLater } from "../../../awaited_later.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";

const PARTITIONS = 6;
const log = createLogger({ level: "error" });
const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);
const bytes = (value: string) => new TextEncoder().encode(value);

/** A broker's bus and topics of a test's own. */
async function withKafka(
  work: (kafka: { bus: KafkaBus; another(): KafkaBus; input: string; output: string }) => Promise<void>,
): Promise<void> {
  await using broker = await sharedBroker();
  await using stack = new AsyncDisposableStack();
  const another = () =>
    stack.use(
      new KafkaBus({ bootstrapServers: [broker.bootstrap] }, {
        log,
        memberTimes: { heartbeatMs: 100 },
      }),
    );
  const bus = another();
  const [input, output] = [`in-${crypto.randomUUID()}`, `out-${crypto.randomUUID()}`];
  await bus.topics.apply([{ name: input, partitions: PARTITIONS }, { name: output, partitions: PARTITIONS }]);
  await work({ bus, another, input, output });
}

function streamOf(
  driver: StreamOptions["driver"],
  input: string,
  handler: StreamHandler,
  changes: Partial<Omit<StreamOptions, "spec">> & { spec?: Partial<StreamSpec> } = {},
): Stream {
  const { spec, ...others } = changes;
  return new Stream({
    spec: {
      ...{ name: "t/g", group: `g-${input}`, topics: [input], from: "earliest", attempts: 3 },
      ...{ maxRecords: 50, maxBytes: 1_000_000, lingerMs: 5, ...spec },
    },
    driver,
    handler,
    realName: (topic) => topic,
    logicalName: (topic) => topic,
    log,
    meter: createMeter(),
    clock: systemClock,
    random: Math.random,
    ...others,
  });
}

/** Everything a read_committed reader sees in a topic. */
async function readAll(bus: BusDriver, topic: string): Promise<BusRecord[]> {
  const [description] = await bus.topics.describe([topic]);
  await using reader = await bus.open({ group: null, topics: [topic], from: "earliest" });
  const records: BusRecord[] = [];
  const ends = description?.partitions ?? [];
  while (ends.some(({ partition, endOffset }) => (reader.position({ topic, partition }) ?? 0) < endOffset)) {
    const batch = await reader.receive({ max: 1_000, maxBytes: 1_000_000, waitMs: 200 });
    records.push(...batch?.records ?? []);
  }
  return records;
}

const values = (count: number) => Array.from({ length: count }, (_, at) => `${at}`);
const spread = (topic: string, of: readonly string[]) =>
  of.map((value, at) => ({ topic, value: bytes(value), partition: at % PARTITIONS }));
const sorted = (records: readonly BusRecord[]) =>
  records.map(({ value }) => Number(text(value))).sort((a, b) => a - b);

async function withStore(work: (store: SqliteStore) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    await store.migrate("t", [{
      version: 1,
      name: "r",
      up: (tx) => void tx.run("CREATE TABLE r (topic, partition, offset, v)"),
    }]);
    await work(store);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const rowsOf = (store: SqliteStore) =>
  store.read((db) =>
    db.all<{ partition: number; v: string }>("SELECT partition, v FROM r ORDER BY partition, offset")
  );

Deno.test({
  name: "kafka: several partitions at once keep the order of each, and their transactions are shared",
  ignore: withoutKafka,
  fn: () =>
    withKafka(async ({ bus, input, output }) => {
      const all = values(1_200);
      await bus.send(spread(input, all));
      let running = 0;
      let most = 0;
      const another = Promise.withResolvers<void>();
      const stream = streamOf(bus, input, async ({ partition, records }) => {
        most = Math.max(most, ++running);
        // The first waits for one beside it.
        if (running > 1) another.resolve();
        await another.promise;
        running--;
        return { outputs: records.map(({ value }) => ({ topic: output, value, partition })) };
      });
      stream.start();
      await stream.caughtUp(AbortSignal.timeout(60_000));
      await stream.stop();
      const records = await readAll(bus, output);
      assert.deepEqual(sorted(records), all.map(Number));
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const own = records.filter((each) => each.partition === partition).map(({ value }) =>
          Number(text(value))
        );
        assert.deepEqual(own, own.toSorted((a, b) => a - b));
      }
      assert.ok(most > 1, "partitions are worked on side by side");
      assert.ok(most <= PARTITIONS);
    }),
});

Deno.test({
  name: "kafka: exactly once while members come and go, with each output once",
  ignore: withoutKafka,
  fn: () =>
    withKafka(async ({ bus, another, input, output }) => {
      const all = values(3_000);
      const copy: StreamHandler = ({ records, partition }) => ({
        outputs: records.map(({ value }) => ({ topic: output, value, partition })),
      });
      const first = streamOf(another(), input, copy);
      first.start();
      const sending = awaitedLater((async () => {
        for (let from = 0; from < all.length; from += 100) {
          await bus.send(spread(input, all).slice(from, from + 100));
        }
      })());
      for (let round = 0; round < 3; round++) {
        const second = streamOf(another(), input, copy);
        second.start();
        const before = (await bus.lag(second.spec.group, [input])).reduce(
          (sum, { committed }) => sum + (committed ?? 0),
          0,
        );
        await until(async () => {
          const lags = await bus.lag(second.spec.group, [input]);
          const done = lags.reduce((sum, { committed }) => sum + (committed ?? 0), 0);
          return done - before >= 300 || lags.every(({ lag }) => lag === 0);
        });
        await second.stop();
      }
      await sending;
      await first.caughtUp();
      await first.stop();
      assert.deepEqual(sorted(await readAll(bus, output)), all.map(Number));
    }),
});

Deno.test({
  name: "kafka: a second agent brings the state of a partition up to date before its first batch",
  ignore: withoutKafka,
  fn: () =>
    withKafka(({ bus, another, input, output }) =>
      withStore((one) =>
        withStore(async (two) => {
          const all = values(600);
          const handler: StreamHandler = ({ topic, partition, records }) => ({
            outputs: records.map(({ value }) => ({ topic: output, value, partition })),
            write: (tx) => {
              for (const { offset, value } of records) {
                tx.run("INSERT INTO r VALUES (?, ?, ?, ?)", topic, partition, offset, text(value));
              }
            },
          });
          const reset: StreamOptions["reset"] = (tx, { topic, partition }) =>
            void tx.run("DELETE FROM r WHERE topic = ? AND partition = ?", topic, partition);
          const part = async (store: SqliteStore, sent: readonly string[]) => {
            const own = another();
            const stream = streamOf(withRowStore(own, store), input, handler, { reset });
            await bus.send(spread(input, sent));
            stream.start();
            await stream.caughtUp();
            await stream.stop();
            await own.close();
          };
          await part(one, all.slice(0, 300));
          await part(two, all.slice(300, 450));
          assert.equal(rowsOf(two).length, 450, "the state of the first agent was made again");
          await part(one, all.slice(450));
          assert.equal(rowsOf(one).length, 600);
          assert.deepEqual(rowsOf(one).map(({ v }) => Number(v)).sort((a, b) => a - b), all.map(Number));
          assert.deepEqual(sorted(await readAll(bus, output)), all.map(Number), "no output is sent again");
        })
      )
    ),
});

Deno.test({
  name: "kafka: at least once sends every output and commits behind it",
  ignore: withoutKafka,
  fn: () =>
    withKafka(async ({ bus, input, output }) => {
      const all = values(1_000);
      await bus.send(spread(input, all));
      const stream = streamOf(bus, input, ({ records, partition }) => ({
        outputs: records.map(({ value }) => ({ topic: output, value, partition })),
      }), { spec: { delivery: "at-least-once" } });
      stream.start();
      await stream.caughtUp();
      await stream.stop();
      assert.deepEqual(sorted(await readAll(bus, output)), all.map(Number));
      assert.equal((await bus.lag(stream.spec.group, [input])).reduce((sum, { lag }) => sum + lag, 0), 0);
    }),
});

async function until(reached: () => Promise<boolean>): Promise<void> {
  while (!await reached()) await new Promise((resolve) => setTimeout(resolve, 20));
}
