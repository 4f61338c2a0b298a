import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { Transaction } from "capstan";
import { encodeCall } from "../../../../plugins/tapes/call.ts";
import { parseOptions } from "../../../../plugins/tapes/derive/parse_options.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import worker from "../../../../plugins/tapes/derive/worker.ts";
import type { StoredTurn } from "../../../../plugins/tapes/ledger/turns.ts";
import { callId, callOf, chat, user } from "./calls.ts";
import { openHarness } from "./deriver_harness.ts";

Deno.test("a call without nodes has a row and an event with the reason and what was asked", async () => {
  await using harness = await openHarness();
  const error = { error: { message: "Too many requests", type: "rate_limit" } };
  await harness.derive([
    callOf(1, { model: "small", messages: [user("hello")] }, error, { status: 429 }),
    callOf(2, { model: "e", input: ["x"] }, { data: [] }, { target: "/v1/embeddings" }),
    chat(3, [user("hello")], "hi", { not_captured: "over-capture-limit" }),
  ]);
  const turns = harness.rows<StoredTurn>("turns");
  assert.deepEqual(turns.map(({ reason }) => reason), ["status", "not-a-chat", "over-capture-limit"]);
  assert.equal(harness.rows("nodes").length, 0);
  assert.equal(turns[0]?.preview, "hello");
  assert.equal(turns[0]?.head_hash, null);
  const events = (await harness.events(TURNS_TOPIC)).map(({ value }) => JSON.parse(value));
  const first = events.find(({ id }) => id === callId(1));
  assert.equal(first.reason, "status");
  assert.deepEqual(first.messages, [{
    hash: null,
    role: "user",
    content: [{ type: "text", text: "hello" }],
  }]);
  assert.deepEqual(first.answers, []);
});

Deno.test("a record that is no call goes to the dead letters, and those around it are derived", async () => {
  await using harness = await openHarness();
  const { meta, request, response } = chat(2, [user("hello")], "hi");
  const whole = encodeCall(meta, [request], [response]);
  const failed = await harness.deriveValues([
    new Uint8Array([1, 2, 3]),
    null,
    encodeCall(chat(1, [user("a")], "b").meta, [request], [response]),
    whole.subarray(0, whole.length - response.length - 5),
  ]);
  assert.deepEqual(failed.map(({ record }) => record.offset), [0, 1, 3]);
  const turns = harness.rows<StoredTurn>("turns");
  assert.deepEqual(turns.map(({ call_id, reason }) => [call_id, reason]), [
    [callId(1), null],
    [callId(2), "deriver-failed"],
  ]);
});

Deno.test("a call whose rows are refused is set aside at the next attempt, and a redriven one takes its row's place", async () => {
  await using harness = await openHarness();
  const calls = [chat(1, [user("a")], "b"), chat(2, [user("poison")], "c"), chat(3, [user("d")], "e")];
  let poisonous = true;
  const refusing = (tx: Transaction): Transaction => ({
    get: (sql, ...params) => tx.get(sql, ...params),
    all: (sql, ...params) => tx.all(sql, ...params),
    iterate: (sql, ...params) => tx.iterate(sql, ...params),
    run(sql, ...params) {
      if (poisonous && String(params[1]).includes("poison")) throw new TypeError("refused");
      return tx.run(sql, ...params);
    },
  });
  await assert.rejects(harness.derive(calls, refusing), /Cannot write call/);
  assert.equal(harness.rows("turns").length, 0);
  const failed = await harness.derive(calls, refusing);
  assert.equal(failed.length, 1);
  assert.deepEqual(
    harness.rows<StoredTurn>("turns").map(({ reason, detail }) => [reason, detail]),
    [[null, null], ["deriver-failed", "TypeError: refused"], [null, null]],
  );
  // The agent starts again, and the dead letter is redriven.
  poisonous = false;
  await using next = await openHarness({ file: harness.store.file });
  assert.deepEqual(await next.derive(calls.slice(1, 2)), []);
  const turn = next.rows<StoredTurn>("turns")[1];
  assert.equal(turn?.reason, null);
  assert.equal(turn?.revision, 2);
  const events = (await next.events(TURNS_TOPIC)).map(({ value }) => JSON.parse(value));
  assert.deepEqual(
    events.filter(({ id }) => id === callId(2)).map(({ revision, reason }) => [revision, reason]),
    [[1, "deriver-failed"], [2, undefined]],
  );
});

Deno.test("a failure of the disk is no fault of a call", async () => {
  await using harness = await openHarness();
  const calls = [chat(1, [user("a")], "b")];
  const full = Object.assign(new Error("disk full"), { name: "StoreError", failure: "full" });
  // At the first write of all, and in the middle of a call's own rows.
  for (const at of ["", "INTO nodes", "INTO turns"]) {
    const failing = (tx: Transaction): Transaction => ({
      ...harnessTx(tx),
      run(sql, ...params) {
        if (sql.includes(at)) throw full;
        return tx.run(sql, ...params);
      },
    });
    await assert.rejects(harness.derive(calls, failing), (error) => error === full, at);
  }
  assert.deepEqual(await harness.derive(calls), []);
  assert.equal(harness.rows<StoredTurn>("turns")[0]?.reason, null);
});

function harnessTx(tx: Transaction): Transaction {
  return {
    get: (sql, ...params) => tx.get(sql, ...params),
    all: (sql, ...params) => tx.all(sql, ...params),
    iterate: (sql, ...params) => tx.iterate(sql, ...params),
    run: (sql, ...params) => tx.run(sql, ...params),
  };
}

Deno.test("a body that is larger than the Worker was told when its coding is undone is not derived", async () => {
  const { meta, response } = chat(1, [user("hello")], "hi");
  const asked = { model: "small", messages: [user("hello ".repeat(1000))] };
  const request = gzipSync(JSON.stringify(asked));
  const headers = { ...meta.request_headers, "content-encoding": "gzip" };
  const calls = [{ meta: { ...meta, request_headers: headers }, request, response }];
  for (const [capture_limit, reason] of [[100, "undecodable"], [10_000, null]] as const) {
    const options = parseOptions({ capture_limit });
    await using harness = await openHarness({ factory: (ctx) => worker(ctx, options) });
    await harness.derive(calls);
    assert.equal(harness.rows<StoredTurn>("turns")[0]?.reason, reason);
  }
});
