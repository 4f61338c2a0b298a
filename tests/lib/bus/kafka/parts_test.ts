import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { KafkaRecord, RecordsBatch } from "@platformatic/kafka";
import fc from "fast-check";
import type { TopicSpec } from "../../../../lib/bus/contract.ts";
import { ByteBudget } from "../../../../lib/bus/kafka/budget.ts";
import { KafkaError, kafkaError } from "../../../../lib/bus/kafka/error.ts";
import { committedRecords } from "../../../../lib/bus/kafka/fetched.ts";
import { type Chunk, KafkaLane } from "../../../../lib/bus/kafka/lane.ts";
import { type KafkaMessage, toMessage } from "../../../../lib/bus/kafka/records.ts";
import { connectionSettings } from "../../../../lib/bus/kafka/settings.ts";
import { planTopics } from "../../../../lib/bus/kafka/topic_plan.ts";
import { recordBytes, shrinkContent } from "../../../../lib/bus/relay/shrink.ts";
import { readJson } from "../../../../lib/json/read_json.ts";

Deno.test("KafkaLane sends every chunk in order, in batches within their limits, for any sizes", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }), {
      minLength: 1,
      maxLength: 8,
    }),
    async (calls) => {
      const limits = { records: 10, bytes: 100 };
      const log: number[] = [];
      const lane = new KafkaLane("topic", limits, (messages) => {
        const sizes = messages.map(({ timestamp }) => calls.flat()[Number(timestamp)] ?? 0);
        const bytes = sizes.reduce((sum, size) => sum + size, 0);
        assert.ok(messages.length <= limits.records && (messages.length === 1 || bytes <= limits.bytes));
        log.push(...messages.map(({ timestamp }) => Number(timestamp)));
        return Promise.resolve(log.length - messages.length);
      });
      let next = 0;
      const offsets = await Promise.all(calls.map((sizes) => sendChunk(lane, sizes, () => next++)));
      assert.deepEqual(log, Array.from({ length: next }, (_, i) => i));
      assert.deepEqual(offsets.flat(), log);
    },
  ));
});

Deno.test("KafkaLane halves its batches when the topic says they are too large", async () => {
  const sent: number[] = [];
  const lane = new KafkaLane("topic", { records: 100, bytes: 10_000 }, (messages) => {
    if (messages.length > 3) {
      return Promise.reject(new KafkaError("too-large", "Cannot send: too large", false));
    }
    sent.push(...messages.map(({ timestamp }) => Number(timestamp)));
    return Promise.resolve(sent.length - messages.length);
  });
  let next = 0;
  await sendChunk(lane, new Array(40).fill(10), () => next++);
  assert.deepEqual(sent, Array.from({ length: 40 }, (_, i) => i));
});

Deno.test("committedRecords() leaves out aborted transactions, ended in this fetch or beyond it", () => {
  const fetched = {
    ...PARTITION,
    abortedTransactions: [{ producerId: 9n, firstOffset: 4n }, { producerId: 7n, firstOffset: 0n }],
    records: [
      batch(0, 2, { producerId: 7n, transactional: true }),
      batch(2, 1, { producerId: 7n, control: "abort" }),
      batch(3, 1, { producerId: 7n, transactional: true }),
      batch(4, 2, { producerId: 9n, transactional: true }),
      batch(6, 1, {}),
    ],
  };
  const { records, next } = committedRecords("t", fetched, 0);
  assert.deepEqual(records.map(({ offset }) => offset), [3, 6]);
  assert.equal(next, 7);
});

Deno.test("committedRecords() starts in the middle of a batch and passes control records", () => {
  const fetched = {
    ...PARTITION,
    records: [batch(0, 5, { transactional: true }), batch(5, 1, { control: "commit" })],
  };
  const { records, next } = committedRecords("t", fetched, 3);
  assert.deepEqual(records.map(({ offset }) => offset), [3, 4]);
  assert.equal(next, 6);
});

Deno.test("planTopics() names each difference, and what cannot be done", () => {
  const wanted = (spec: Partial<TopicSpec>): TopicSpec => ({ name: "t", partitions: 2, ...spec });
  const actual = [{ name: "t", partitions: [0, 0], replication: 1, settings: { "retention.ms": "1000" } }];
  const kinds = (spec: Partial<TopicSpec>, brokers = 1) =>
    planTopics([wanted(spec)], actual, brokers).map(({ change }) => `${change.kind}: ${change.detail}`);
  assert.deepEqual(kinds({}), []);
  assert.deepEqual(kinds({ retentionMs: 1_000 }), []);
  assert.deepEqual(kinds({ retentionMs: 0 }), []);
  assert.deepEqual(kinds({ partitions: 3 }), [
    "add-partitions: partitions: 2 → 3; new records of a key may go to another partition",
  ]);
  assert.deepEqual(kinds({ partitions: 1 }), [
    "impossible: partitions: 2 → 1; Kafka cannot take partitions away",
  ]);
  assert.deepEqual(kinds({ retentionMs: Infinity }), [
    "change-setting: retention.ms: 1000 (1 second) → -1 (for ever)",
  ]);
  assert.deepEqual(kinds({ maxRecordBytes: 2_000_000 }), [
    "change-setting: max.message.bytes: unset → 2001024",
  ]);
  assert.match(kinds({ replication: 2 }, 3)[0] ?? "", /^impossible: replication: 1 → 2/);
  assert.deepEqual(kinds({ settings: { "retention.ms": "1000" } }), []);
  assert.deepEqual(kinds({ settings: { "cleanup.policy": "compact" } }), [
    "change-setting: cleanup.policy: unset → compact",
  ]);
  assert.deepEqual(kinds({ name: "new", replication: 3, retentionMs: 1_500 }, 3), [
    "create: 2 partitions, 3 copies, retention.ms 1500",
  ]);
  assert.match(kinds({ name: "new", replication: 3 }, 2)[0] ?? "", /^impossible: .*3 copies.*has 2 brokers/);
});

Deno.test("planTopics() raises max.message.bytes for a topic's records, and never lowers it", () => {
  const planned = (has: string | undefined, maxRecordBytes?: number) => {
    const settings: Record<string, string> = has === undefined ? {} : { "max.message.bytes": has };
    const actual = [{ name: "t", partitions: [0], replication: 1, settings }];
    return planTopics([{ name: "t", partitions: 1, maxRecordBytes }], actual, 1).map(({ change }) =>
      change.to
    );
  };
  assert.deepEqual(planned(undefined), []);
  assert.deepEqual(planned("1048588"), []);
  assert.deepEqual(planned("500000"), ["1001024"]);
  assert.deepEqual(planned("500000", 1_000), []);
  assert.deepEqual(planned("9000000", 2_000_000), []);
  assert.deepEqual(planned("1048588", 2_000_000), ["2001024"]);
});

Deno.test("planTopics() takes a list with blanks for the same list", () => {
  const actual = [{
    name: "t",
    partitions: [0],
    replication: 1,
    settings: { "cleanup.policy": "compact,delete" },
  }];
  const settings = { "cleanup.policy": "compact, delete" };
  assert.deepEqual(planTopics([{ name: "t", partitions: 1, settings }], actual, 1), []);
});

Deno.test("connectionSettings() refuses settings that contradict each other", async () => {
  const bootstrapServers = ["kafka.example:9092"];
  const bad = [
    [{ bootstrapServers: [] }, /bootstrap_servers is empty/],
    [{ bootstrapServers, securityProtocol: "SASL_SSL" }, /sasl_mechanism is not set/],
    [{ bootstrapServers, securityProtocol: "SASL_SSL", saslMechanism: "PLAIN" }, /needs sasl_username/],
    [{ bootstrapServers, securityProtocol: "SASL_SSL", saslMechanism: "OAUTHBEARER" }, /token file/],
    [{ bootstrapServers, sslCaFile: "ca.pem" }, /security_protocol is PLAINTEXT/],
    [{ bootstrapServers, securityProtocol: "SSL", sslCertFile: "c.pem" }, /need each other/],
    [{ bootstrapServers, securityProtocol: "SSL", sslCaFile: "/missing/ca.pem" }, /Cannot read ssl_ca_file/],
  ] as const;
  for (const [settings, message] of bad) await assert.rejects(connectionSettings(settings), message);
});

Deno.test("connectionSettings() names the server for TLS, but not an address, and reads a token for each connection", async () => {
  const named = await connectionSettings({
    bootstrapServers: ["kafka.example:9093"],
    securityProtocol: "SSL",
  });
  assert.equal(named.tlsServerName, true);
  const address = await connectionSettings({ bootstrapServers: ["[::1]:9093"], securityProtocol: "SSL" });
  assert.equal(address.tlsServerName, undefined);
  const saslTokenFile = await Deno.makeTempFile();
  try {
    const { sasl } = await connectionSettings({
      bootstrapServers: ["kafka.example:9093"],
      securityProtocol: "SASL_SSL",
      saslMechanism: "OAUTHBEARER",
      saslTokenFile,
    });
    for (const token of ["first", "second"]) {
      await Deno.writeTextFile(saslTokenFile, `${token}\n`);
      assert.ok(typeof sasl?.token === "function");
      assert.equal(await sasl.token(), token);
    }
  } finally {
    await Deno.remove(saslTokenFile);
  }
});

Deno.test("kafkaError() finds the reason however deep the library wraps it", () => {
  const kafka = (apiId: string, canRetry = false) => Object.assign(new Error(apiId), { apiId, canRetry });
  const wrap = (cause: Error) =>
    new AggregateError(
      [new Error("Connection failed.", { cause: new AggregateError([cause]) })],
      "failed 3 times.",
    );
  const cases = [
    [kafka("SASL_AUTHENTICATION_FAILED"), "authentication", false],
    [Object.assign(new Error("no"), { code: "PLT_KFK_AUTHENTICATION" }), "authentication", false],
    [kafka("TOPIC_AUTHORIZATION_FAILED"), "authorization", false],
    [kafka("MESSAGE_TOO_LARGE"), "too-large", false],
    [kafka("INVALID_RECORD"), "refused", false],
    [kafka("UNKNOWN_TOPIC_OR_PARTITION", true), "unknown-topic", false],
    [kafka("INVALID_PRODUCER_EPOCH"), "fenced", true],
    [kafka("COORDINATOR_NOT_AVAILABLE", true), "other", true],
    [kafka("UNSUPPORTED_VERSION"), "other", false],
    [Object.assign(new Error("refused"), { code: "PLT_KFK_NETWORK" }), "unreachable", true],
    [new TypeError("a mistake"), "other", false],
  ] as const;
  for (const [cause, failure, retryable] of cases) {
    for (const error of [kafkaError("send", cause), kafkaError("send", wrap(cause))]) {
      assert.deepEqual([error.failure, error.retryable], [failure, retryable], cause.message);
    }
  }
});

Deno.test("ByteBudget never gives more than its limit, but for one that is larger alone, and serves in turn", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 30 }), async (sizes) => {
      const budget = new ByteBudget(100);
      const granted: number[] = [];
      await Promise.all(sizes.map(async (size, i) => {
        await budget.take(size, new AbortController().signal);
        granted.push(i);
        assert.ok(budget.taken <= 100 || budget.taken === size);
        await Promise.resolve();
        budget.give(size);
      }));
      assert.deepEqual(granted, sizes.map((_, i) => i));
      assert.equal(budget.taken, 0);
    }),
  );
});

Deno.test("ByteBudget lets those behind pass when one that waits gives up", async () => {
  const budget = new ByteBudget(10);
  const signal = new AbortController().signal;
  await budget.take(5, signal);
  const abort = new AbortController();
  const large = budget.take(10, abort.signal);
  const small = budget.take(5, signal);
  abort.abort(new Error("gave up"));
  await assert.rejects(large, /gave up/);
  await small;
});

Deno.test("shrinkContent() fits any JSON object into the limit and keeps what is small", () => {
  fc.assert(fc.property(
    fc.object({ maxDepth: 3 }),
    fc.integer({ min: 0, max: 5_000 }),
    (object, length) => {
      const value = new TextEncoder().encode(
        JSON.stringify({ schema: "v1", ...object, big: "x".repeat(length) }),
      );
      const record = { topic: "t", partition: 0, offset: 0, key: null, value, headers: [], timestamp: 0 };
      const shrunk = shrinkContent(record, 1_000);
      assert.ok(shrunk && recordBytes({ ...record, value: shrunk }) <= 1_000);
      if (value.length <= 1_000) assert.deepEqual(readJson(text(shrunk)), readJson(text(value)));
      else assert.match(text(shrunk), /"sha256":"[0-9a-f]{64}"/);
    },
  ));
});

const PARTITION = {
  partitionIndex: 0,
  errorCode: 0,
  highWatermark: 10n,
  lastStableOffset: 10n,
  logStartOffset: 0n,
  abortedTransactions: [],
  preferredReadReplica: -1,
};

function batch(
  first: number,
  count: number,
  options: { producerId?: bigint; transactional?: boolean; control?: "abort" | "commit" },
): RecordsBatch {
  const { producerId = -1n, transactional = false, control } = options;
  const record = (offsetDelta: number): KafkaRecord => ({
    length: 0,
    attributes: 0,
    timestampDelta: 0n,
    offsetDelta,
    key: control ? Buffer.from([0, 0, 0, control === "abort" ? 0 : 1]) : null,
    value: null,
    headers: [],
  });
  return {
    firstOffset: BigInt(first),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: (transactional || control ? 1 << 4 : 0) | (control ? 1 << 5 : 0),
    lastOffsetDelta: count - 1,
    firstTimestamp: 0n,
    maxTimestamp: 0n,
    producerId,
    producerEpoch: 0,
    firstSequence: 0,
    records: Array.from({ length: count }, (_, i) => record(i)),
  };
}

/** Sends messages numbered by their timestamps; gives their offsets. */
function sendChunk(
  lane: KafkaLane,
  sizes: readonly number[],
  number: () => number,
): Promise<(number | undefined)[]> {
  const messages: KafkaMessage[] = sizes.map(() =>
    toMessage({ topic: "t", value: null, timestamp: number() }, 0, 0n)
  );
  const offsets = new Array<number | undefined>(sizes.length);
  const { promise, resolve, reject } = Promise.withResolvers<(number | undefined)[]>();
  const chunk: Chunk = {
    messages,
    sizes,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    done: false,
    acknowledged(from, count, offset) {
      for (let i = 0; i < count; i++) offsets[from + i] = offset + i;
    },
    settled: (error) => error ? reject(error) : resolve(offsets),
  };
  lane.push(chunk);
  return promise;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
