import assert from "node:assert/strict";
import { parseVerifierKey } from "../../../../../plugins/audit/tree/note_keys.ts";
import type { VerifyReport } from "../../../../../plugins/audit/verify/report.ts";
import { ReaderThread } from "../../../../../plugins/audit/verify/threads/reader_thread.ts";
import { readAhead } from "../../../../../plugins/audit/verify/threads/read_ahead.ts";
import { type TrailItem, TrailVerifier } from "../../../../../plugins/audit/verify/trail_verifier.ts";
import { keyOf, TrailBuilder } from "../trail_builder.ts";

const built = new TrailBuilder().add(700).checkpoint().add(800).checkpoint().add(10);

function items(tamper: (at: number, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes): TrailItem[] {
  return built.steps.map((step, at): TrailItem =>
    step.type === "record"
      ? { type: "record", bytes: tamper(at, step.bytes), where: `${at}` }
      : { type: "checkpoint", note: step.note, where: `${at}` }
  );
}

async function verified(
  given: TrailItem[],
  options: { threads: number; batch?: number },
): Promise<VerifyReport> {
  const verifier = new TrailVerifier({ keys: [parseVerifierKey(keyOf(1).vkey)] });
  const before = given.map((item) => item.type === "record" ? item.bytes.slice() : undefined);
  const places: string[] = [];
  for await (const batch of readAhead(given, options)) {
    for (const item of batch) {
      if ("where" in item) places.push(item.where);
      verifier.add(item);
    }
  }
  assert.deepEqual(places, given.map((_, at) => `${at}`));
  assert.deepEqual(given.map((item) => item.type === "record" ? item.bytes : undefined), before);
  return verifier.finish();
}

Deno.test("two threads, one and none find the same, wherever the batches end", async () => {
  const bent = items((at, bytes) => {
    if (at === 123) return bytes.subarray(1);
    if (at === 456) return bytes.with(20, bytes[20]! ^ 1);
    return at === 1400 ? new Uint8Array() : bytes;
  });
  for (const given of [items(), bent]) {
    const wanted = await verified(given, { threads: 0, batch: 5000 });
    assert.equal(wanted.sound, given !== bent);
    assert.equal(wanted.writers[0]?.size, 1510);
    for (const options of [{ threads: 1 }, { threads: 2, batch: 97 }, { threads: 0, batch: 1 }]) {
      assert.deepEqual(await verified(given, options), wanted);
    }
  }
});

Deno.test("readAhead() takes items that come one by one, and gives nothing for nothing", async () => {
  async function* slow() {
    for (const item of items()) yield await Promise.resolve(item);
  }
  const [all] = await Array.fromAsync(readAhead(slow(), { batch: 10_000, threads: 2 }));
  assert.equal(all?.length, built.steps.length);
  assert.deepEqual(await Array.fromAsync(readAhead([], { threads: 2 })), []);
});

Deno.test("who stops in the middle leaves no thread behind, and a source that fails is told", async () => {
  for await (const batch of readAhead(items(), { threads: 2, batch: 50 })) {
    assert.equal(batch.length, 50);
    break;
  }
  function* failing() {
    yield* items().slice(0, 400);
    throw new Error("the disk is gone");
  }
  await assert.rejects(Array.fromAsync(readAhead(failing(), { threads: 2, batch: 50 })), /the disk is gone/);
});

Deno.test("a thread that ends fails what it was given, and takes nothing more", async () => {
  const thread = new ReaderThread();
  const [{ bytes } = { bytes: new Uint8Array() }] = built.records;
  const reads = await thread.read([bytes]);
  assert.ok(reads[0] && "record" in reads[0]);
  const lost = assert.rejects(thread.read([bytes]), /their thread was ended/);
  thread[Symbol.dispose]();
  thread[Symbol.dispose]();
  await lost;
  assert.equal(thread.hasRoom, false);
  await assert.rejects(thread.read([bytes]), /their thread was ended/);
});
