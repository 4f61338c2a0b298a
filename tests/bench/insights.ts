/**
 * The insights plugin: events derived a second on each bus, feedback taken durably beside a server that only parses it,
 * and memory over an hour of traffic of 1,000 tenants.
 * `deno task bench insights [--part derive|api|memory] [--turns N] [--rounds N] [--seconds N] [--concurrency N]`
 */
import { parseArgs } from "node:util";
import { measureApi } from "./insights/api.ts";
import { measureDerive } from "./insights/derive.ts";
import { measureMemory } from "./insights/memory.ts";
import { table } from "./table.ts";

const { values } = parseArgs({
  options: {
    part: { type: "string" },
    turns: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    concurrency: { type: "string", default: "16" },
  },
});
const wants = (part: string) => values.part === undefined || values.part === part;
if (wants("derive")) {
  const rows = await measureDerive(Number(values.turns));
  console.log(`${table(["bus", "turns", "events/s", "µs CPU an event"], rows)}\n`);
}
if (wants("api")) {
  const { rounds, seconds, concurrency } = values;
  const rows = await measureApi({
    rounds: Number(rounds),
    seconds: Number(seconds),
    concurrency: Number(concurrency),
  });
  console.log(`${table(["server", "requests/s", "of the bare one", "memory at most"], rows)}\n`);
}
if (wants("memory")) {
  const rows = await measureMemory(Number(values.turns));
  console.log(table(["of the hour", "turns", "agent's memory, MB", "file, MB"], rows));
}
