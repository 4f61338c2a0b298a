import assert from "node:assert/strict";
import { type BusBench, type BusCase, bytes, type Codec, uniqueName } from "./bus_case.ts";

const CODECS: readonly Codec[] = ["gzip", "snappy", "lz4", "zstd"];
/** Bytes a topic takes; what is sent to it is many times as long, and easy to compress. */
const TOPIC_TAKES = 60_000;

/** What holds of records that are compressed on their way. */
export const COMPRESSION_CASES: readonly BusCase[] = CODECS.map((codec) => ({
  name: `records compressed with ${codec} come back as they were, and take less room`,
  run: (bench) => readBack(bench, codec),
}));

async function readBack(bench: BusBench, codec: Codec): Promise<void> {
  if (!bench.compressing) {
    throw new Error("Cannot compress: options.compressing is not given; give it, or skip this case");
  }
  const topic = await bench.topic({ maxRecordBytes: TOPIC_TAKES });
  await using writer = await bench.compressing(codec);
  const value = bytes("every word of this is there again and again; ".repeat(4_000));
  const binary = Uint8Array.from({ length: 256 }, (_, i) => i);
  const headers = [["id", bytes("1")], ["raw", binary]] as const;
  const sent = [
    { topic, partition: 0, key: bytes("k"), value, headers },
    { topic, partition: 0, key: bytes("k"), value: null },
    { topic, partition: 0, value: binary },
    { topic, partition: 0, value: bytes("") },
  ];
  await writer.driver.send(sent);
  await using reader = await bench.open({ group: null, topics: [topic] });
  const records = await bench.receive(reader, sent.length);
  assert.deepEqual(
    records.map(({ key, value, headers }) => ({
      key: list(key),
      value: list(value),
      headers: plain(headers),
    })),
    sent.map(({ key = null, value, headers = [] }) => ({
      key: list(key),
      value: list(value),
      headers: plain(headers),
    })),
  );
  // Outputs that lie with an offset are compressed just the same.
  await using member = await writer.driver.open({
    group: uniqueName("group"),
    topics: [topic],
    from: "earliest",
  });
  const [through] = await bench.receive(member, 1);
  await member.commit({
    through: through ?? assert.fail(),
    outputs: [{ topic, partition: 0, value: binary }],
  });
  assert.deepEqual((await bench.receive(reader, 1)).map((record) => list(record.value)), [[...binary]]);
}

function list(value: Uint8Array | null): number[] | null {
  return value && [...value];
}

function plain(headers: readonly (readonly [string, Uint8Array])[]): [string, number[]][] {
  return headers.map(([name, value]) => [name, [...value]]);
}
