import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { PluginStore, PublishRequest } from "capstan";
import { openStore } from "../../../../lib/store/open_store.ts";
import type { Store } from "../../../../lib/store/contract.ts";
import { openKeyring } from "../../../../plugins/audit/seal/open_keyring.ts";
import { appendRecords } from "../../../../plugins/audit/trail/append_records.ts";
import { AUDIT_MIGRATIONS } from "../../../../plugins/audit/trail/tables.ts";
import { assertChained } from "./chained.ts";

const input = (name: string, source?: string) => ({
  kind: "log" as const,
  tenant: "acme",
  user: name,
  facts: { name },
  ...(source !== undefined && { source }),
});

/** What `assertChained` reads, of stores without an agent; the trail begins with a record as an agent's does. */
async function aTrail() {
  const folder = await mkdtemp(join(tmpdir(), "capstan-trail-"));
  const file = join(folder, "trail.sqlite");
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true }));
  const open = async () => stack.use(await openStore({ file }));
  const store = await open();
  await store.migrate("audit", AUDIT_MIGRATIONS);
  const keyring = await openKeyring(pluginStore(store), { folder });
  const published: PublishRequest[] = [];
  const append = async (to: Store, inputs: readonly ReturnType<typeof input>[]) => {
    const { records, requests } = await to.write((tx) => {
      const appended = appendRecords(tx, inputs, { topic: "ai.audit", keyring, now: 0 });
      return appended;
    });
    published.push(...requests);
    return records;
  };
  await append(store, [input("first")]);
  const outputs = () =>
    published.map(({ key, value }) => ({ key, value }))
      .sort((a, b) => seqOf(a.value) - seqOf(b.value));
  return {
    open,
    store,
    append,
    assertChained: (count: number) => assertChained({ store, outputs }, count),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const seqOf = (value: unknown): number => JSON.parse(new TextDecoder().decode(value as Uint8Array)).seq;

function pluginStore(store: Store): PluginStore {
  return { read: (work) => store.read(work), write: (work) => store.write(work) };
}

Deno.test("whoever appends, at once and from several connections, numbers have no gap and the chain holds", async () => {
  await using trail = await aTrail();
  const others = [trail.store, await trail.open(), await trail.open()];
  const all = await Promise.all(
    Array.from(
      { length: 60 },
      (_, at) => trail.append(others[at % others.length]!, [input(`a-${at}`), input(`b-${at}`)]),
    ),
  );
  const numbers = all.flat().map((record) => record?.seq).sort((a, b) => Number(a) - Number(b));
  assert.deepEqual(numbers, Array.from({ length: 120 }, (_, at) => at + 1));
  trail.assertChained(120);
});

Deno.test("a work that fails leaves neither a number nor a leaf", async () => {
  await using trail = await aTrail();
  const failing = trail.store.write((tx) => {
    tx.run("INSERT INTO audit_tree (level, number, hash) VALUES (0, 1, x'00')");
    throw new Error("no");
  });
  await assert.rejects(failing, { message: "no" });
  await trail.append(trail.store, [input("a")]);
  trail.assertChained(1);
});

Deno.test("inputs of one source make one record, in whichever batches they come", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.nat(6), { maxLength: 9 }), { maxLength: 6 }), async (batches) => {
      await using trail = await aTrail();
      const seen = new Set<number>();
      for (const batch of batches) {
        const records = await trail.append(trail.store, batch.map((n) => input(`u-${n}`, `s-${n}`)));
        assert.deepEqual(
          records.map((record) => record !== null),
          batch.map((n) => seen.size < seen.add(n).size),
        );
      }
      trail.assertChained(seen.size);
    }),
    { numRuns: 25 },
  );
});
