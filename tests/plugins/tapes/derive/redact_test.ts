import assert from "node:assert/strict";
import fc from "fast-check";
import { redactionWith } from "../../../lib/redact/redactor.ts";
import { type Call, encodeCall } from "../../../../plugins/tapes/call.ts";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { redactParsed } from "../../../../plugins/tapes/derive/redact_call.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import type { StoredTurn } from "../../../../plugins/tapes/ledger/turns.ts";
import { parseCall } from "../../../../plugins/tapes/parse/call.ts";
import { goldenCall, goldenCases } from "../golden.ts";
import { assistant, callOf, chat, user } from "./calls.ts";
import { openHarness } from "./deriver_harness.ts";

const MAIL = "ann.planted@example.org";
const KEY = "sk-proj-PLANTEDabcDEF1234567890abcDEF12345678";

/** A streamed answer whose text is cut into these pieces, one a delta. */
function streamed(pieces: readonly string[]): Call {
  const event = (delta: unknown, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const text = pieces.map((content) => event({ content })).join("");
  const call = callOf(1, { model: "m", stream: true, messages: [user("hello")] }, {});
  const response = new TextEncoder().encode(`${text}${event({}, "stop")}data: [DONE]\n\n`);
  return {
    ...call,
    response,
    meta: { ...call.meta, response_headers: { "content-type": "text/event-stream" } },
  };
}

Deno.test("however an answer is cut into deltas, the same text is stored, without what was in it", async () => {
  const redact = await redactionWith({ actions: { email: "hash" } });
  const text = `Ask ${MAIL} for ${KEY}, or pay with 4111 1111 1111 1111.`;
  const whole = JSON.stringify(redactParsed(parseCall(streamed([text])), redact));
  assert.doesNotMatch(whole, /planted|PLANTED|4111/);
  fc.assert(fc.property(fc.array(fc.nat(text.length)), (cuts) => {
    const at = [0, ...new Set(cuts), text.length].sort((a, b) => a - b);
    const pieces = at.slice(1).map((end, n) => text.slice(at[n], end));
    assert.equal(JSON.stringify(redactParsed(parseCall(streamed(pieces)), redact)), whole);
  }));
});

Deno.test("with redaction on, sealed calls are derived, and rows, nodes, blobs and events hold nothing of it", async () => {
  const redact = await redactionWith();
  await using harness = await openHarness({ redact });
  const calls = [
    chat(1, [{ role: "system", content: `Key ${KEY}` }, user(`I am ${MAIL}`)], `hello ${MAIL}`, {
      user: MAIL,
      session: MAIL,
      target: `/v1/chat/completions?of=${MAIL}`,
      body: {
        metadata: { of: MAIL },
        tools: [{ type: "function", function: { name: "x", description: MAIL } }],
      },
    }),
    chat(
      2,
      [
        { role: "system", content: `Key ${KEY}` },
        user(`I am ${MAIL}`),
        assistant(`hello ${MAIL}`),
        user("more"),
      ],
      "ok",
      {
        user: MAIL,
        session: MAIL,
      },
    ),
    callOf(3, { model: "m", messages: [user(MAIL)] }, { error: { message: `bad key ${KEY}` } }, {
      status: 401,
    }),
    { ...callOf(4, {}, {}), request: new TextEncoder().encode(`{"model": "${KEY}" oops`) },
  ];
  const sealed = calls.map(({ meta, request, response }) =>
    redact.seal(encodeCall(meta, [request], [response]))
  );
  assert.deepEqual(await harness.deriveValues(sealed), []);
  const all = JSON.stringify([
    ...["nodes", "turns"].map((table) => harness.rows(table)),
    harness.store.read((db) => db.all("SELECT * FROM blobs")),
    await harness.events(NODES_TOPIC),
    await harness.events(TURNS_TOPIC),
  ]);
  assert.doesNotMatch(all, /planted|PLANTED/);
  const turns = harness.rows<StoredTurn>("turns");
  assert.equal(turns.length, 4);
  // The second request goes on where the first one's answer ended: both were redacted alike.
  assert.deepEqual([turns[1]?.conversation, turns[1]?.new_messages], [turns[0]?.conversation, 1]);
  assert.match(String(turns[0]?.user), /^\[email:[0-9a-f]{12}\]$/);
});

Deno.test("a call that can't be opened is set aside, sealed", async () => {
  const redact = await redactionWith();
  await using harness = await openHarness({ redact });
  const { meta, request, response } = chat(1, [user(MAIL)], "hello");
  const sealed = redact.seal(encodeCall(meta, [request], [response]));
  sealed[50] = (sealed[50] ?? 0) ^ 1;
  const [failed] = await harness.deriveValues([sealed]);
  assert.match(String(failed?.cause), /Cannot open what was sealed/);
});

Deno.test("with redaction on, what has nothing to take out keeps tapes' hashes", async () => {
  const redact = await redactionWith();
  for (const golden of goldenCases()) {
    if (!golden.exact) continue;
    await using harness = await openHarness({ redact });
    for (const step of golden.steps) await harness.derive([goldenCall(golden, step)]);
    const hashes = harness.rows<{ hash: string }>("nodes").map(({ hash }) => hash).sort();
    assert.deepEqual(hashes, golden.nodes.map(({ hash }) => hash).sort(), golden.id);
  }
});
