import assert from "node:assert/strict";
import type { CallMeta } from "../../../../plugins/tapes/call.ts";
import { proxyMetrics } from "../../../../plugins/tapes/proxy/proxy_metrics.ts";
import { Recorder, type Verdict } from "../../../../plugins/tapes/proxy/recorder.ts";
import { FakeContext, storeError } from "./fake_context.ts";

const meta: CallMeta = {
  v: 1,
  id: "0",
  started_at: 0,
  ended_at: 1,
  method: "POST",
  target: "/",
  provider: "openai",
  provider_type: "openai",
  upstream: "http://u",
  request_headers: {},
  response_headers: {},
  outcome: "complete",
  request_bytes: 0,
  response_bytes: 0,
};

function recorder(
  ctx: FakeContext,
  onFailure: "forward" | "block",
  retryMs = 60_000,
  commitTimeoutMs = 60_000,
): Recorder {
  return new Recorder({
    append: (topic, record, options) => ctx.append(topic, record, options),
    redact: ctx.redact,
    now: () => ctx.now(),
    log: ctx.log,
    metrics: proxyMetrics(ctx),
    onFailure,
    commitTimeoutMs,
    retryBytes: 10_000,
    retryMs,
  });
}

const verdict = (subject: Recorder, request: Uint8Array[]) =>
  new Promise<Verdict>((decided) => subject.record(meta, request, [], decided));

for (const onFailure of ["forward", "block"] as const) {
  Deno.test(`${onFailure}: while the store fails, no further call is tried on it, and none waits`, async () => {
    const ctx = new FakeContext();
    const subject = recorder(ctx, onFailure);
    let attempts = 0;
    ctx.fault = () => {
      attempts++;
      return Promise.reject(storeError("locked"));
    };
    assert.equal(await verdict(subject, []), onFailure);
    assert.equal(await verdict(subject, []), onFailure);
    assert.equal(attempts, 1);
    assert.equal(subject.waiting.calls, 2);
    assert.equal(subject.refusal === undefined, onFailure === "forward");
    subject.close();
    subject.close();
    assert.equal(ctx.counts["given_up_total{reason=shutdown}"], 2);
  });
}

Deno.test("after everything was given up, the next call finds out whether the store is back", async () => {
  const ctx = new FakeContext();
  const subject = recorder(ctx, "block");
  ctx.fault = () => Promise.reject(storeError("full"));
  assert.equal(await verdict(subject, [new Uint8Array(20_000)]), "block");
  assert.equal(subject.waiting.calls, 0);
  assert.equal(subject.health().status, "failed");
  assert.equal(subject.refusal, undefined);
  ctx.fault = () => undefined;
  assert.equal(await verdict(subject, []), "stored");
  await subject.drain(AbortSignal.timeout(60_000));
  assert.equal(subject.health().status, "ok");
});

Deno.test("a kept call that the store refuses again stays kept, until it is stored once", async () => {
  const ctx = new FakeContext();
  const subject = recorder(ctx, "forward", 1);
  let attempts = 0;
  ctx.fault = () => ++attempts <= 4 ? Promise.reject(storeError("locked")) : undefined;
  for (let call = 0; call < 3; call++) assert.equal(await verdict(subject, []), "forward");
  await subject.drain(AbortSignal.timeout(60_000));
  assert.equal(attempts, 7);
  assert.equal(ctx.counts["accounted_total{outcome=complete}"], 3);
  assert.equal(subject.health().figures?.given_up_calls, 0);
});

Deno.test("drain() waits for a call that is being stored, and counts one that fails after its end", async () => {
  const ctx = new FakeContext();
  const subject = recorder(ctx, "forward");
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let appends = 0;
  ctx.fault = () => gates[appends++]?.promise;
  const first = verdict(subject, []);
  const second = verdict(subject, []);
  const over = new AbortController();
  let drained = false;
  const draining = subject.drain(over.signal).then(() => drained = true);
  gates[0]?.resolve();
  assert.equal(await first, "stored");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(drained, false);
  over.abort();
  await draining;
  gates[1]?.reject(storeError("locked"));
  assert.equal(await second, "forward");
  assert.equal(ctx.counts["given_up_total{reason=shutdown}"], 1);
});

for (const onFailure of ["forward", "block"] as const) {
  Deno.test(`${onFailure}: a kept call has memory of its own, and keeps none of calls that are stored`, async () => {
    const ctx = new FakeContext();
    const subject = recorder(ctx, onFailure, 1);
    ctx.fault = () => Promise.reject(storeError("full"));
    assert.equal(await verdict(subject, []), onFailure);
    const kept: number[] = [];
    ctx.fault = ({ buffer, length }) => void kept.push(buffer.byteLength - length);
    await subject.drain(AbortSignal.timeout(60_000));
    const [more = NaN, ...further] = kept;
    assert.deepEqual(further, []);
    assert.ok(more < 2_048, `${more} bytes are kept beside the call's`);
  });
}

Deno.test("a call that the store is still busy with takes of retry_memory, and its verdict is said once", async () => {
  const ctx = new FakeContext();
  const subject = recorder(ctx, "forward", 60_000, 1);
  const busy = Promise.withResolvers<void>();
  ctx.fault = () => busy.promise;
  const verdicts: Verdict[] = [];
  const overdue = Promise.withResolvers<void>();
  subject.record(meta, [new Uint8Array(6_000)], [], (each) => {
    verdicts.push(each);
    overdue.resolve();
  });
  await overdue.promise;
  assert.equal(subject.waiting.calls, 1);
  assert.ok(subject.waiting.bytes > 6_000);
  assert.equal(await verdict(subject, [new Uint8Array(6_000)]), "forward");
  assert.equal(ctx.counts["given_up_total{reason=retry-memory}"], 1);
  busy.resolve();
  await subject.drain(AbortSignal.timeout(60_000));
  assert.deepEqual(verdicts, ["forward"]);
  assert.deepEqual(subject.waiting, { calls: 0, bytes: 0 });
  assert.equal(ctx.counts["accounted_total{outcome=complete}"], 1);
});

Deno.test("block: the row of a call that ended otherwise says how, and not that its answer was withheld", async () => {
  const ctx = new FakeContext();
  const subject = recorder(ctx, "block", 1);
  ctx.fault = () => Promise.reject(storeError("full"));
  const left: CallMeta = { ...meta, outcome: "client-left" };
  await new Promise((decided) => subject.record(left, [], [], decided));
  ctx.fault = () => undefined;
  await subject.drain(AbortSignal.timeout(60_000));
  assert.deepEqual(ctx.calls.map(({ meta }) => meta.outcome), ["client-left"]);
  assert.equal(ctx.counts["accounted_total{outcome=client-left}"], 1);
});
