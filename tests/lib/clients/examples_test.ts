import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { ConsumerClient, ProducerClient } from "../../../mod.ts";
import { onKafka, theBrokerEnds } from "./buses.ts";

/** What an example of the README needs, and what it prints. */
interface Example {
  /** Values that are in `agent.events` before. */
  before?: readonly unknown[];
  /** What it prints; PARTITION stands for a number. */
  prints: readonly string[];
}

const ready = { agent: "research", status: "ready" };
const done = { agent: "research", status: "done" };

const examples: Readonly<Record<string, Example>> = {
  publish: { prints: ["stored in partition PARTITION at offset 0"] },
  poll: {
    before: [ready, "plain text", done],
    prints: [`0 null ${format(ready)}`, "1 null plain text", `2 null ${format(done)}`],
  },
  process: { before: [ready, done], prints: [`seen ${format(ready)}`, `seen ${format(done)}`, "2 messages"] },
  transform: { before: [ready, done], prints: ["2 messages"] },
  events: { prints: ["llm.usage small 42"] },
  audit: { prints: ["ada asked gpt-4o, in llm.audit"] },
  local: { prints: [`research ${format(ready)}`] },
  metrics: { prints: ['ai_kafka_messages_produced_total{topic="agent.events"} 1'] },
  file: { prints: ["stored in partition PARTITION at offset 0"] },
};

const readme = await Deno.readTextFile(new URL("../../../lib/clients/README.md", import.meta.url));
const blocks = new Map(
  [...readme.matchAll(/^```ts ?(\S*)\n([\s\S]*?)^```/gm)].map(([, name = "", code = ""]) => [name, code]),
);

Deno.test("every example of lib/clients/README.md is run by these tests", () => {
  assert.deepEqual([...blocks.keys()], Object.keys(examples));
});

/** Runs a module of its own folder and gives what it printed. */
async function run(code: string, folder: string): Promise<string[]> {
  const file = join(folder, `${crypto.randomUUID()}.ts`);
  await Deno.writeTextFile(file, code);
  const printed: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => printed.push(format(...values));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return printed;
}

/** The example on another bus, with names of its own: topics and groups of a broker outlive a test. */
async function check(name: string, place: { bus: string } | { bootstrapServers: string }): Promise<void> {
  const { before = [], prints } = examples[name]!;
  const folder = await Deno.makeTempDir();
  try {
    const id = crypto.randomUUID();
    const [[key, value] = ["", ""]] = Object.entries(place);
    const bus = value.replace("FOLDER", folder);
    const code = (blocks.get(name) ?? "")
      .replaceAll("bootstrapServers", key)
      .replace('"config.toml"', JSON.stringify(join(folder, "config.toml")))
      .replace(/localhost:9092|local:events\.sqlite/g, bus)
      .replace(/"(agent\.events|agent\.summaries|llm\.usage|llm\.audit|\w+-agent)"/g, `"$1.${id}"`);
    const topics = ["agent.events", "agent.summaries", "llm.usage", "llm.audit"].map((topic) =>
      `${topic}.${id}`
    );
    await Deno.writeTextFile(
      join(folder, "config.toml"),
      `[kafka]\nbootstrap_servers = ${JSON.stringify(bus)}\n`,
    );
    await using reader = new ConsumerClient({ config: { [key]: bus, topics, createTopics: 1 } });
    await reader.open();
    await using producer = new ProducerClient({ config: { [key]: bus } });
    for (const each of before) await producer.publish(`agent.events.${id}`, each);
    const printed = await run(code, folder);
    const expected = prints.map((line) =>
      line.replace(/llm\.usage|llm\.audit|agent\.events/, (topic) => `${topic}.${id}`)
    );
    assert.deepEqual(printed.map((line) => line.replace(/partition \d+/, "partition PARTITION")), expected);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const name of Object.keys(examples).filter((name) => name !== "file")) {
  Deno.test(`the example "${name}" runs on a local file`, async () => {
    await check(name, { bus: "local:FOLDER/log.sqlite" });
  });
}

for (const name of Object.keys(examples).filter((name) => name !== "local")) {
  onKafka(`the example "${name}" runs`, async ({ config: { bootstrapServers = "" } }) => {
    await check(name, { bootstrapServers: String(bootstrapServers) });
  });
}

theBrokerEnds();
