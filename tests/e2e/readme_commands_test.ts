import assert from "node:assert/strict";
import { sharedBroker, withoutKafka } from "../kafka/for_tests.ts";
import { type CommandBlock, commandBlocks, normalised, shownEvents } from "./readme_commands_blocks.ts";
import { hasCommand } from "./has_command.ts";
import { openTerminal, type Terminal } from "./readme_commands_shell.ts";

const root = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));
const { tasks }: { tasks: Record<string, string> } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", root)),
);
const blocks = commandBlocks(readme);
const KAFKA = "With Apache Kafka";

/** Runs what a block says, and compares with what it shows. */
async function runBlock(terminal: Terminal, block: CommandBlock): Promise<void> {
  let out = "";
  for (const line of block.commands) out += await runLine(terminal, line);
  if (block.shown !== undefined) assert.equal(normalised(out), normalised(block.shown));
}

async function runLine(terminal: Terminal, line: string): Promise<string> {
  const task = /^npx -y deno@(\S+) task (\w+)/.exec(line);
  if (task) {
    assert.equal(task[1], "2.9.5");
    const does = tasks[task[2] ?? ""];
    assert.ok(does !== undefined, `there is no task ${task[2]}`);
    if (task[2] !== "start") return "";
    assert.match(does, / main\.ts run$/);
    return await runLine(terminal, "capstan run");
  }
  if (line.startsWith("alias ")) {
    assert.match(line, /^alias capstan="npx -y deno@2\.9\.5 run --allow-all --quiet \$PWD\/main\.ts"$/);
    return "";
  }
  if (/^capstan (run|serve)\b/.test(line)) {
    return (await terminal.run(line, { until: /is ready[\s\S]*events: .*\n/ })).out;
  }
  if (line.startsWith("capstan tail") && !line.includes("--no-follow")) {
    return (await terminal.run(line, { until: /\n/ })).out;
  }
  const { code, out, error } = await terminal.run(line);
  assert.equal(code, 0, `${line}: ${error}`);
  if (line.startsWith("curl") && line.includes(" -d ")) await terminal.derived();
  return out;
}

/** Why the commands of a section can't be run here, for the test's name. */
function leftOut(section: string): string {
  const calls = blocks.some((block) =>
    block.section === section && block.commands.some((line) => line.startsWith("curl "))
  );
  return calls && !hasCommand("curl") ? " (left out: there is no curl)" : "";
}

for (const section of new Set(blocks.map((block) => block.section))) {
  if (section === KAFKA) continue;
  const name = `README, ${section}: every command works, and prints what is shown`;
  Deno.test({ name: name + leftOut(section), ignore: leftOut(section) !== "" }, async () => {
    await using terminal = await openTerminal();
    for (const block of blocks) if (block.section === section) await runBlock(terminal, block);
  });
}

Deno.test({
  name: `README, ${KAFKA}: every command works${leftOut(KAFKA)}`,
  ignore: withoutKafka || leftOut(KAFKA) !== "",
}, async () => {
  await using broker = await sharedBroker();
  await using terminal = await openTerminal({
    "127.0.0.1:9092": broker.bootstrap,
    "agents.nodes": `readme-${crypto.randomUUID()}`,
  });
  for (const block of blocks) if (block.section === KAFKA) await runBlock(terminal, block);
});

const noCall = leftOut("Five minutes");
Deno.test(
  { name: `README's events are those of its first call${noCall}`, ignore: noCall !== "" },
  async () => {
    await using terminal = await openTerminal();
    const tour = blocks.filter((block) => block.section === "Five minutes");
    for (const block of tour.slice(0, 2)) await runBlock(terminal, block);
    const events = shownEvents(readme);
    assert.deepEqual([...events.keys()], ["tapes.nodes.v1", "tapes.turns.v1"]);
    for (const [topic, shown] of events) {
      const { out } = await terminal.run(`capstan tail ${topic} --from-beginning --no-follow --json`);
      const last = JSON.parse(out.trim().split("\n").at(-1) ?? "").value;
      assert.equal(normalised(JSON.stringify(last)), normalised(JSON.stringify(shown)), topic);
    }
  },
);

Deno.test("README's Kafka, bench and configuration commands stand in sections that are tested", () => {
  const sections = [...new Set(blocks.map((block) => block.section))];
  assert.deepEqual(sections.slice(0, 5), [
    "Install",
    "Five minutes",
    "Your own clients",
    KAFKA,
    "Configuration",
  ]);
});
