import { agentCommand } from "./agent.ts";
import { BenchTrail } from "./audit_trail.ts";
import { start } from "./process.ts";
import { median, short, table } from "./table.ts";

/** Records verified a second, by the command as it is, from the file, the topic and an export. */
export async function auditVerify(
  { audit, records, rounds }: { audit: string; records: number; rounds: number },
): Promise<string> {
  const agent = await agentCommand({ upstream: "http://127.0.0.1:9", more: audit });
  try {
    {
      await using trail = await BenchTrail.open(agent.dir);
      while (trail.entered < records) await trail.enter(500);
    }
    {
      // Makes the key, and signs a checkpoint over all as it ends.
      await using _agent = await start(agent.command, { ready: { port: agent.adminPort } });
    }
    // Without `run --config-dir DIR`.
    const [program = "", ...before] = agent.command.slice(0, -3);
    const capstan = async (...more: string[]) => {
      const started = performance.now();
      const { stdout, stderr, success } = await new Deno.Command(program, {
        args: [...before, "audit", ...more, "--config-dir", agent.dir],
      }).output();
      const said = new TextDecoder().decode(success ? stdout : stderr);
      if (!success) throw new Error(`Cannot verify: ${said}`);
      return { said, seconds: (performance.now() - started) / 1_000 };
    };
    const key = (await capstan("key")).said.trim();
    const file = `${agent.dir}/trail.jsonl`;
    await capstan("export", "--out", file);
    const ways = [["from the file"], ["from the topic", "--topic"], ["from an export", "--export", file]];
    const seconds = ways.map(() => [] as number[]);
    for (let round = 0; round < rounds; round++) {
      const bare = (await capstan("key")).seconds;
      for (const [at, [, ...flags]] of ways.entries()) {
        const run = await capstan("verify", "--key", key, "--json", ...flags);
        const { writers: [writer] } = JSON.parse(run.said);
        if (writer.covered < records) throw new Error(`Cannot measure: ${run.said}`);
        seconds[at]!.push(run.seconds - bare);
      }
    }
    const rows = ways.map(([name], at) => [
      name!,
      `${records}`,
      short(median(seconds[at]!.map((each) => records / each))),
      short((median(seconds[at]!) / records) * 1e6),
    ]);
    return table(["capstan audit verify", "records", "records/s", "µs a record"], rows);
  } finally {
    await agent.remove();
  }
}
