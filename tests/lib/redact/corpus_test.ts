import assert from "node:assert/strict";
import { lookAlikes, samples } from "./corpus.ts";
import { redactionWith } from "./redactor.ts";

const LEAST = 0.97;

Deno.test("recall and precision on what public documentation shows", async (test) => {
  const redaction = await redactionWith();
  const wanted = await samples();
  const unwanted = await lookAlikes();
  assert.ok(wanted.length >= 300 && unwanted.length >= 300, `${wanted.length} and ${unwanted.length}`);
  const missed = wanted.filter(({ text, secret }) => redaction.text(text).includes(secret));
  const taken = unwanted.filter(({ text }) => redaction.text(text) !== text);
  const found = wanted.length - missed.length;
  const recall = found / wanted.length;
  const precision = found / (found + taken.length);
  for (const { rule, source, text } of missed) console.log(`missed (${rule}, ${source}): ${text}`);
  for (const { kind, text } of taken) console.log(`taken (${kind}): ${text} → ${redaction.text(text)}`);
  console.log(
    `redaction: recall ${recall.toFixed(3)} of ${wanted.length} samples, precision ${
      precision.toFixed(3)
    } with ` +
      `${unwanted.length} look-alikes`,
  );
  await test.step(`recall is at least ${LEAST}`, () => assert.ok(recall >= LEAST, String(recall)));
  await test.step(`precision is at least ${LEAST}`, () => assert.ok(precision >= LEAST, String(precision)));
  for (const rule of new Set(wanted.map((sample) => sample.rule))) {
    await test.step(`${rule}: at least nine of ten are found`, () => {
      const its = wanted.filter((sample) => sample.rule === rule);
      const lost = missed.filter((sample) => sample.rule === rule).length;
      assert.ok(lost <= its.length / 10, `${lost} of ${its.length}`);
    });
  }
});

Deno.test("what stands around a secret stays", async () => {
  const redaction = await redactionWith();
  const eaten = (await samples()).filter(({ text, secret, rule }) => {
    if (text.includes("PRIVATE KEY")) return false;
    const [before = "", after = ""] = text.split(secret);
    const redacted = redaction.text(text);
    return redacted.includes(`[${rule}]`) && !(redacted.startsWith(before) && redacted.endsWith(after));
  });
  assert.deepEqual(eaten.map(({ text }) => `${text} → ${redaction.text(text)}`), []);
});
