import assert from "node:assert/strict";
import { type Contents, TOPICS } from "./contents.ts";
import { distinct } from "./contents.ts";
import { normalised } from "./normalise.ts";

const folder = new URL("./golden/", import.meta.url);

/** `CAPSTAN_WRITE_GOLDEN=1` writes what there is instead of comparing it. */
export const WRITES: boolean = Deno.env.get("CAPSTAN_WRITE_GOLDEN") === "1";

/** Compares each topic with its golden file, an event a line. */
export async function assertHour(contents: Contents, options: { baseMs: number }): Promise<void> {
  const found = normalised(distinct(contents), options);
  for (const topic of TOPICS) {
    const lines = (found[topic] ?? []).map((event) => `${JSON.stringify(event)}\n`).join("");
    const file = new URL(`${topic}.jsonl`, folder);
    if (WRITES) await Deno.writeTextFile(file, lines);
    assert.deepEqual(lines.split("\n"), (await Deno.readTextFile(file)).split("\n"), topic);
  }
}

/** How many events each golden file holds. */
export function goldenCounts(): Record<string, number> {
  return Object.fromEntries(TOPICS.map((topic) => {
    const text = WRITES ? "" : Deno.readTextFileSync(new URL(`${topic}.jsonl`, folder));
    return [topic, text.split("\n").length - 1];
  }));
}
