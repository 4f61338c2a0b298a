import assert from "node:assert/strict";
import type { BusRecord, OutgoingRecord } from "../../../lib/bus/contract.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import type { Counted } from "./counting.ts";

const KEYS = 30;

/** Records numbered from `from` on, of 30 keys in turn, each with how manieth of its key it is. */
export function numbered(topic: string, from: number, count: number): OutgoingRecord[] {
  return Array.from({ length: count }, (_, i): OutgoingRecord => {
    const number = from + i;
    const value: Counted = { number, count: Math.floor(number / KEYS) + 1 };
    const encoder = new TextEncoder();
    return { topic, key: encoder.encode(keyOf(number)), value: encoder.encode(JSON.stringify(value)) };
  });
}

/** Every number's output is there once, with the count that a state without a mistake gives, in order per key. */
export function assertOutputs(values: readonly { key: string; value: string }[], total: number): void {
  const last = new Map<string, number>();
  const missing = new Set(Array.from({ length: total }, (_, number) => number));
  const wrong: string[] = [];
  for (const { key, value } of values) {
    const { number, count }: Counted = JSON.parse(value);
    if (!missing.delete(number)) wrong.push(`${number} is there twice`);
    if (number <= (last.get(key) ?? -1)) wrong.push(`${number} of ${key} comes after ${last.get(key)}`);
    const expected = Math.floor(number / KEYS) + 1;
    if (key !== keyOf(number) || count !== expected) {
      wrong.push(`${number} of ${key} counts ${count}, not ${expected}`);
    }
    last.set(key, number);
  }
  assert.deepEqual({ wrong, missing: [...missing] }, { wrong: [], missing: [] });
}

/** The same of records read. */
export function assertRecords(records: readonly BusRecord[], total: number): void {
  const text = (bytes: Uint8Array | null) => new TextDecoder().decode(bytes ?? undefined);
  assertOutputs(records.map(({ key, value }) => ({ key: text(key), value: text(value) })), total);
}

/** What is wrong with an agent's rows of partitions; nothing where each record's effect is there once, in order. */
export async function wrongRows(
  storeFile: string,
  partitions: readonly number[],
  partitionOf: ReadonlyMap<number, number>,
): Promise<string[]> {
  await using store = await openStore({ file: storeFile, readOnly: true });
  return store.read((db) =>
    partitions.flatMap((partition) => {
      const effects = db.all<{ key: string; number: number; count: number }>(
        "SELECT key, number, count FROM effects WHERE partition = ? ORDER BY rowid",
        partition,
      );
      const expected = [...partitionOf].filter(([, each]) => each === partition).map(([number]) => number)
        .sort((a, b) => a - b);
      const wrong = [];
      const found = effects.map(({ number }) => number);
      if (found.join() !== expected.join()) {
        const doubled = found.filter((number, at) => found.indexOf(number) !== at);
        const missing = expected.filter((number) => !found.includes(number));
        wrong.push(
          `partition ${partition} of ${storeFile}: ${found.length} effects for ${expected.length} records; ` +
            `missing ${missing.slice(0, 10)}, doubled ${doubled.slice(0, 10)}`,
        );
      }
      for (const { key, number, count } of effects) {
        const right = Math.floor(number / KEYS) + 1;
        if (count !== right) {
          wrong.push(
            `partition ${partition} of ${storeFile}: ${number} of ${key} counts ${count}, not ${right}`,
          );
        }
      }
      const counts = db.all<{ key: string; count: number }>(
        "SELECT key, count FROM counts WHERE partition = ?",
        partition,
      );
      for (const { key, count } of counts) {
        const right = expected.filter((number) => keyOf(number) === key).length;
        if (count !== right) {
          wrong.push(`partition ${partition} of ${storeFile}: ${key} ends at ${count}, not ${right}`);
        }
      }
      return wrong.slice(0, 10);
    })
  );
}

function keyOf(number: number): string {
  return `key ${number % KEYS}`;
}
