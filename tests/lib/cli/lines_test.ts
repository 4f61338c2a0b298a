import assert from "node:assert/strict";
import fc from "fast-check";
import { lineToRecord } from "../../../lib/cli/line_records.ts";
import { type Line, readLines } from "../../../lib/cli/read_lines.ts";

async function read(
  chunks: Uint8Array[],
  options: { max?: number; maxLength?: number } = {},
): Promise<Line[][]> {
  const { max = 500, maxLength = 1000 } = options;
  const signal = new AbortController().signal;
  return await Array.fromAsync(readLines(ReadableStream.from(chunks), { max, maxLength, signal }));
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("readLines() gives the same lines however the bytes are split", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[^\r\n]{0,5}$/u)),
      fc.array(fc.nat(40)),
      async (lines, cuts) => {
        const whole = bytes(lines.join("\n"));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(whole.slice(at, at + cut));
          at += cut;
        }
        chunks.push(whole.slice(at));
        const wellFormed = lines.map((line) => line.toWellFormed().replace(/^\ufeff/, ""));
        const expected = lines.map((_, at) => ({ number: at + 1, text: wellFormed[at] ?? "" }))
          .filter((line) => line.text !== "");
        assert.deepEqual(
          (await read(chunks)).flat().map((l) => l.text.replace(/^\ufeff/, "")),
          expected.map((l) => l.text),
        );
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("readLines() takes CRLF, counts empty lines and needs no last newline", async () => {
  assert.deepEqual((await read([bytes("a\r\n\nb")])).flat(), [{ number: 1, text: "a" }, {
    number: 3,
    text: "b",
  }]);
  assert.deepEqual(await read([]), []);
});

Deno.test("readLines() gives lots of at most max lines", async () => {
  assert.deepEqual((await read([bytes("1\n2\n3\n")], { max: 2 })).map((lot) => lot.length), [2, 1]);
});

Deno.test("readLines() refuses a line beyond maxLength before it has read all of it", async () => {
  await assert.rejects(
    read([bytes("ok\n"), bytes("x".repeat(8)), bytes("x".repeat(8))], { maxLength: 10 }),
    /line 2/,
  );
});

Deno.test("readLines() stops when its signal aborts", async () => {
  const stop = new AbortController();
  const endless = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const reading = Array.fromAsync(readLines(endless, { max: 1, maxLength: 10, signal: stop.signal }));
  stop.abort();
  assert.deepEqual(await reading, []);
});

const text = (value: Uint8Array | null | undefined) => value && new TextDecoder().decode(value);

Deno.test("lineToRecord() splits at the first separator", () => {
  const record = lineToRecord({ topic: "t", keySeparator: ":", headers: ["a=b=c"], partition: 2 })({
    number: 1,
    text: "k:v:w",
  });
  assert.equal(text(record.key), "k");
  assert.equal(text(record.value), "v:w");
  assert.deepEqual(record.headers?.map(([name, value]) => [name, text(value)]), [["a", "b=c"]]);
  assert.equal(record.partition, 2);
});

Deno.test("lineToRecord() gives every line the fixed key, or none", () => {
  assert.equal(text(lineToRecord({ topic: "t", key: "k" })({ number: 1, text: "v" }).key), "k");
  assert.equal(lineToRecord({ topic: "t" })({ number: 1, text: "v" }).key, null);
});

Deno.test("lineToRecord() names the line without a separator", () => {
  assert.throws(
    () => lineToRecord({ topic: "t", keySeparator: "\t" })({ number: 7, text: "x" }),
    /line 7.*"\\t"/,
  );
});

Deno.test("lineToRecord() refuses flags that contradict each other", () => {
  for (
    const wrong of [{ key: "k", keySeparator: ":" }, { keySeparator: "" }, { headers: ["=x"] }, {
      headers: ["x"],
    }]
  ) {
    assert.throws(() => lineToRecord({ topic: "t", ...wrong }), { name: "UsageError" });
  }
});
