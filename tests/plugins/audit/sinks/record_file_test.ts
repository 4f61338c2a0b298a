import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { openTestAgent } from "capstan/testing";
import audit from "../../../../plugins/audit/mod.ts";
import { RecordFile } from "../../../../plugins/audit/sinks/record_file.ts";

const line = (seq: number, pad = 10) => ({
  seq,
  bytes: Buffer.from(JSON.stringify({ seq, pad: "x".repeat(pad) })),
});

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "capstan-file-"));
  try {
    await test(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Numbers of all records in the order of the files. */
async function written(folder: string): Promise<number[]> {
  const names = (await readdir(folder)).sort();
  const full = names.filter((name) => name !== "trail");
  const texts = await Promise.all(
    [...full, ...names.filter((name) => name === "trail")].map((name) =>
      readFile(join(folder, name), "utf8")
    ),
  );
  return texts.join("").split("\n").filter(Boolean).map((text) => JSON.parse(text).seq);
}

const upTo = (count: number) => Array.from({ length: count }, (_, seq) => seq);

Deno.test("a file of records has each once and in order, whatever comes again, is cut or starts anew", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          again: fc.nat(5),
          count: fc.integer({ min: 1, max: 20 }),
          cut: fc.nat(30),
          pad: fc.nat(200),
        }),
        {
          maxLength: 12,
        },
      ),
      async (steps) => {
        await inFolder(async (folder) => {
          const options = { path: join(folder, "trail"), maxBytes: 1_000 };
          let next = 0;
          for (const { again, count, cut, pad } of steps) {
            await using file = new RecordFile(options);
            const from = Math.max(0, next - again);
            const lines = upTo(next + count - from).map((at) => line(from + at, pad));
            await file.append(lines);
            next += count;
            await file.close();
            assert.deepEqual(await written(folder), upTo(next));
            // A crash: the end of what was appended last never reached the disk, and comes again.
            const text = await readFile(options.path).catch(() => Buffer.alloc(0));
            const left = Math.max(0, text.length - cut);
            if (text.length > 0) await truncate(options.path, left);
            const first = text.length > 0 ? JSON.parse(text.toString().split("\n")[0]!).seq : next;
            next = first + text.subarray(0, left).toString().split("\n").length - 1;
            if (text.length === 0) next = first;
          }
        });
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("a full file gets its first record's number, and the next begins", async () => {
  await inFolder(async (folder) => {
    await using file = new RecordFile({ path: join(folder, "trail"), maxBytes: 100 });
    await file.append(upTo(10).map((seq) => line(seq)));
    assert.deepEqual((await readdir(folder)).sort(), ["trail", "trail.000000000000", "trail.000000000004"]);
    assert.deepEqual(await written(folder), upTo(10));
  });
});

Deno.test("a file that can't be written says so, and goes on once it can", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "trail");
    await mkdir(path);
    await using file = new RecordFile({ path, maxBytes: 100 });
    await assert.rejects(
      file.append([line(0)]),
      (error: Error) => error.message.startsWith(`Cannot write ${path}: `),
    );
    await rm(path, { recursive: true });
    await file.append([line(0), line(1)]);
    assert.deepEqual(await written(folder), [0, 1]);
  });
});

Deno.test("a file that is no file of records is left alone", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "trail");
    await appendFile(path, "{}\n");
    await using file = new RecordFile({ path, maxBytes: 100 });
    await assert.rejects(file.append([line(0)]), /no record; move the file away/);
    assert.equal(await readFile(path, "utf8"), "{}\n");
  });
});

Deno.test("every record of the trail is in the file; while it can't be written it falls behind alone", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "out", "trail.jsonl");
    await using agent = await openTestAgent(audit, { config: { file: { path } } });
    const log = () =>
      agent.request("POST", "/v1/audit", { user_id: "ada", model: "m", prompt: "p", response: "r" });
    await log();
    await agent.settled();
    await agent.faults.redeliver("ai.audit");
    await agent.restart();
    await log();
    await agent.settled();
    const records = agent.store.read((db) =>
      db.all<{ record: Uint8Array }>("SELECT record FROM audit_records")
    );
    assert.equal(records.length, 3);
    assert.equal(
      await readFile(path, "utf8"),
      records.map(({ record }) => `${Buffer.from(record)}\n`).join(""),
    );
  });
});
