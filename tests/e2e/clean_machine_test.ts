import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withoutKafka } from "../kafka/for_tests.ts";
import { claimPorts } from "../kafka/ports.ts";
import { type CleanMachine, openCleanMachine } from "./clean_machine.ts";
import { hasCommand } from "./has_command.ts";
import { until } from "./until.ts";

const executable = Deno.env.get("CAPSTAN_EXECUTABLE");
const leftOut = executable === undefined
  ? " (left out: it is of the executable, CAPSTAN_EXECUTABLE)"
  : hasCommand("curl")
  ? ""
  : " (left out: there is no curl)";

/** One file, no package, no file of types beside it. */
const PLUGIN = `import type { Plugin } from "capstan";

interface Turn {
  agent?: string;
}

export default {
  name: "greeter",
  config: { greeting: { type: "string", default: "Hello", doc: "What to say." } },
  setup(ctx, { greeting }) {
    ctx.topic({ name: "greetings.v1", partitions: 1 });
    ctx.stream<Turn>(
      { topics: ["tapes.turns.v1"], outputTopic: "greetings.v1" },
      (batch) => batch.records.map(({ data }) => \`\${greeting} \${data.agent ?? "nobody"}\`),
    );
  },
} satisfies Plugin;
`;

/** `topics`: further tables. */
async function writeFiles(machine: CleanMachine, topics = ""): Promise<void> {
  await Deno.writeTextFile(join(machine.data, "greeter.ts"), PLUGIN);
  await Deno.writeTextFile(
    join(machine.data, "config.toml"),
    `[admin]
listen = "127.0.0.1:0"

[plugins.tapes]
listen = "127.0.0.1:0"

[plugins.greeter]
module = "./greeter.ts"
greeting = "Moin"
${topics}`,
  );
}

/** Runs an agent, says something to the echo, and stops it once all of it is handled. */
async function sayToEcho(machine: CleanMachine, agent: string): Promise<void> {
  await using running = machine.start("run", "--config-dir", machine.data);
  const origin = await running.said(/^\s*proxy: (http:\S+?) /m);
  const { code, out, error } = await machine.run(
    "curl",
    ...["-sS", `${origin}/agents/${agent}/providers/echo/v1/chat/completions`, "-d"],
    JSON.stringify({ model: "echo", messages: [{ role: "user", content: "Hello, machine" }] }),
  );
  assert.deepEqual([code, error], [0, ""]);
  assert.equal(JSON.parse(out).choices[0].message.content, "echo: Hello, machine; no model was called");
  const first = ["tail", "greetings.v1", "--from-beginning", "--max", "1", "--json"];
  // A running agent may yet have to make its topics on Kafka.
  const greeted = await until(async () => {
    const { code, out } = await machine.run("capstan", ...first, "--config-dir", machine.data);
    return code === 0 ? out : undefined;
  });
  assert.match(greeted, new RegExp(`"Moin ${agent}"`));
  assert.equal(await running.stop(), 0);
}

/** Runs a command that must work, on the machine's data; gives what it says. */
async function works(machine: CleanMachine, ...args: string[]): Promise<string> {
  const { code, out, error } = await machine.run("capstan", ...args, "--config-dir", machine.data);
  assert.equal(code, 0, `${args.join(" ")}: ${out}${error}`);
  return out;
}

/** What a topic holds, as `tail` prints it. */
async function valuesOf(machine: CleanMachine, topic: string): Promise<unknown[]> {
  const out = await works(machine, "tail", topic, "--from-beginning", "--no-follow", "--json");
  return out.trim().split("\n").map((line) => JSON.parse(line).value);
}

Deno.test({
  name: `the executable alone, in a folder nobody can write to, without HOME and network${leftOut}`,
  ignore: leftOut !== "",
}, async (t) => {
  await using machine = await openCleanMachine(executable ?? "");
  if (!machine.apart) console.log("No namespaces here: files and network of this machine can be reached.");
  await writeFiles(machine);

  await t.step("it is what it seems to be", async () => {
    assert.match(await works(machine, "version"), /^capstan \d/);
    if (!machine.apart) return;
    assert.equal((await machine.run("sh", "-c", 'echo "${HOME-none}"')).out, "none\n");
    assert.notEqual((await machine.run("touch", "here")).code, 0);
    assert.match((await machine.run("curl", "-sS", "http://192.0.2.1/")).error, /connect/);
  });

  await t.step("proxy, embedded bus and a plugin of one file work", async () => {
    await sayToEcho(machine, "first");
    assert.deepEqual(await valuesOf(machine, "greetings.v1"), ["Moin first"]);
    assert.equal((await valuesOf(machine, "tapes.nodes.v1")).length, 2);
    assert.match(await works(machine, "log"), /Hello, machine/);
  });

  await t.step("its author can check and test it", async () => {
    const path = join(machine.data, "greeter.ts");
    assert.match(await works(machine, "plugins", "check", path), /fine: greeter[^]*\n {2}types: checked\n/);
    assert.match(await works(machine, "plugins", "test", path), /ok \| [1-9]\d* passed \| 0 failed/);
  });

  await t.step("nothing is written but the data", async () => {
    const cwd = await machine.run("ls", "-A");
    assert.equal(cwd.out, "capstan\n");
    const left = [...Deno.readDirSync(join(machine.data, "tmp"))].map(({ name }) => name);
    assert.deepEqual(left, []);
  });
});

Deno.test({
  name: `the executable alone on Apache Kafka${leftOut}`,
  ignore: leftOut !== "" || withoutKafka,
}, async () => {
  await using machine = await openCleanMachine(executable ?? "");
  const broker = fileURLToPath(new URL("../kafka/main.ts", import.meta.url));
  using claim = claimPorts(["plain"]);
  await using kafka = machine.beside(
    Deno.execPath(),
    "run",
    "--allow-all",
    "--quiet",
    broker,
    String(claim.ports.plain),
  );
  const bootstrap = await kafka.said(/^PLAINTEXT +(\S+)/m);
  await writeFiles(machine, `\n[kafka]\nbootstrap_servers = ["${bootstrap}"]\n`);
  await sayToEcho(machine, "second");
  await works(machine, "outbox", "drain");
  assert.match(await works(machine, "topics", "list"), /greetings\.v1/);
  assert.deepEqual(await valuesOf(machine, "greetings.v1"), ["Moin second"]);
  assert.equal((await valuesOf(machine, "tapes.nodes.v1")).length, 2);
  assert.equal(await kafka.stop(), 0);
});
