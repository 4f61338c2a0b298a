import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Intake } from "../../../../plugins/audit/intake/intake.ts";
import { openInputs } from "../../../../plugins/audit/intake/seal_inputs.ts";
import type { RecordInput } from "../../../../plugins/audit/trail/record_input.ts";

const keyring = { intake: new Uint8Array(randomBytes(32)) };

/** An intake whose disk answers when told to. */
function intakeOn({ maxWaiting = 1_000_000 } = {}) {
  const sent: { inputs: string[]; answer: PromiseWithResolvers<void> }[] = [];
  const producer = {
    async send(value: unknown) {
      const answer = Promise.withResolvers<void>();
      sent.push({ inputs: openInputs(value, keyring).map(({ requestId = "" }) => requestId), answer });
      await answer.promise;
      return { topic: "", partition: 0, offset: 0 };
    },
  };
  const intake = new Intake({ producer, maxWaiting, keyring: () => keyring });
  return { intake, sent, turned: () => new Promise((resolve) => setImmediate(resolve)) };
}

function input(requestId: string, bytes = 10): RecordInput {
  return { kind: "log", tenant: "t", facts: { text: "x".repeat(bytes) }, requestId };
}

Deno.test("requests of one turn of the event loop are sent together, in order; the next go on their own", async () => {
  const { intake, sent, turned } = intakeOn();
  const first = [intake.take([input("a")]), intake.take([input("b"), input("c")])];
  await turned();
  const second = intake.take([input("d")]);
  await turned();
  assert.deepEqual(sent.map(({ inputs }) => inputs), [["a", "b", "c"], ["d"]]);
  for (const { answer } of sent) answer.resolve();
  await Promise.all([...first, second]);
  assert.equal(intake.waiting, 0);
});

Deno.test("a bundle that is full takes no more, and what is larger than one goes alone", async () => {
  const { intake, sent, turned } = intakeOn();
  const taken = ["a", "b", "c"].map((id) => intake.take([input(id, 15_000)]));
  taken.push(intake.take([input("d", 100_000)]), intake.take([input("e")]));
  await turned();
  assert.deepEqual(sent.map(({ inputs }) => inputs), [["a", "b"], ["c"], ["d"], ["e"]]);
  for (const { answer } of sent) answer.resolve();
  await Promise.all(taken);
});

Deno.test("what can't be stored is refused to all whose entries it holds, and to nobody else", async () => {
  const { intake, sent, turned } = intakeOn();
  const lost = [intake.take([input("a")]), intake.take([input("b")])];
  await turned();
  const kept = intake.take([input("c")]);
  await turned();
  sent[0]!.answer.reject(new Error("disk full"));
  sent[1]!.answer.resolve();
  for (const each of lost) await assert.rejects(each, { status: 503, message: /disk full/ });
  await kept;
  assert.equal(intake.waiting, 0);
});

Deno.test("above max_waiting entries are refused with 429, and nothing of them is sent", async () => {
  const { intake, sent, turned } = intakeOn({ maxWaiting: 500 });
  const first = intake.take([input("a", 1_000)]);
  await assert.rejects(intake.take([input("b")]), { status: 429 });
  await turned();
  assert.deepEqual(sent.map(({ inputs }) => inputs), [["a"]]);
  sent[0]!.answer.resolve();
  await first;
});
