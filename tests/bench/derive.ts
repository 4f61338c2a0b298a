/**
 * The deriver on one thread, on a real file: turns a second from the first node to the last, so that a cost that grows
 * with the file would be seen. `deno task bench derive [--nodes N] [--batch N] [--messages N] [--redact]`
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { chat, type ChatMessage } from "../plugins/tapes/derive/calls.ts";
import { redactionWith } from "../lib/redact/redactor.ts";
import { openHarness } from "../plugins/tapes/derive/deriver_harness.ts";
import { short, table } from "./table.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "1000000" },
    batch: { type: "string", default: "32" },
    messages: { type: "string", default: "3" },
    windows: { type: "string", default: "10" },
    redact: { type: "boolean", default: false },
  },
});
const nodes = Number(values.nodes);
const batch = Number(values.batch);
const window = Math.ceil(nodes / Number(values.windows));
const words = "Paris is the capital of France and has been so for most of the last thousand years. ".repeat(
  4,
);

/** Calls of many conversations that each grow to `--messages` questions; every turn brings two new nodes. */
function* calls() {
  for (let conversation = 0, number = 0;; conversation++) {
    const messages: ChatMessage[] = [{
      role: "system",
      content: `You answer for desk ${conversation}. ${words}`,
    }];
    for (let turn = 0; turn < Number(values.messages); turn++) {
      messages.push({ role: "user", content: `Question ${turn} of ${conversation}: ${words}` });
      const answer = `Answer ${turn}: ${words}`;
      yield chat(number++, [...messages], answer);
      messages.push({ role: "assistant", content: answer });
    }
  }
}

// As in the back room: a checkpoint each second, on the same thread.
await using harness = await openHarness({
  checkpoints: "elsewhere",
  ...(values.redact && { redact: await redactionWith() }),
});
const stored = () =>
  harness.store.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM nodes"))?.n ?? 0;
const source = calls();
const take = (count: number) => Array.from({ length: count }, () => source.next().value!);
await harness.derive(take(batch));
const rows: string[][] = [];
let checkpointed = performance.now();
for (let done = 0; done < nodes;) {
  let turns = 0;
  let spent = 0;
  let cpu = 0;
  while (done < (rows.length + 1) * window) {
    const next = take(batch);
    const before = process.cpuUsage();
    const started = performance.now();
    await harness.derive(next);
    if (performance.now() - checkpointed > 1_000) {
      harness.store.checkpoint();
      checkpointed = performance.now();
    }
    spent += performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    cpu += user + system;
    turns += batch;
    if (turns % (batch * 16) === 0) done = stored();
  }
  rows.push([
    `${done}`,
    short((turns / spent) * 1000),
    short((spent / turns) * 1000),
    short(cpu / turns),
    short(Deno.statSync(harness.store.file).size / 1e6),
  ]);
}
console.log(table(["nodes in the file", "turns/s", "µs a turn", "µs CPU a turn", "file MB"], rows));
