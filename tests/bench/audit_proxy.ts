import { agentCommand, type AgentUnderTest } from "./agent.ts";
import { type Measured, start } from "./process.ts";
import { allSettled, type LoadFigures, runLoad } from "./run_load.ts";
import { median, short, table } from "./table.ts";

const SCENARIOS = [
  { name: "concurrency 1", concurrency: 1, count: 600, mode: "plain" },
  { name: "concurrency 16", concurrency: 16, count: 2_000, mode: "plain" },
  { name: "streams of 50 chunks, concurrency 16", concurrency: 16, count: 600, mode: "stream" },
] as const;

interface Agent extends AgentUnderTest {
  name: string;
  target: Measured;
}

/** A load on one agent, and what became of its turns. */
interface Round extends LoadFigures {
  /** Turns that had no record yet when the last answer came. */
  behind: number;
  /** Seconds until every turn had its record, from the first request on. */
  allRecorded: number;
}

/** The proxy with the trail and without: latencies, and how far records are behind turns. */
export async function auditProxy(
  { audit, rounds, scale }: { audit: string; rounds: number; scale: number },
): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(
    await start([Deno.execPath(), "run", "-A", new URL("./upstream.ts", import.meta.url).pathname], {
      ready: { line: /^port (\d+)$/ },
    }),
  );
  const agents: Agent[] = [];
  for (const [name, more] of [["audit off", ""], ["audit on", audit]] as const) {
    const agent = await agentCommand({ upstream: `http://127.0.0.1:${upstream.port}`, more });
    stack.defer(() => agent.remove());
    agents.push({
      ...agent,
      name,
      target: stack.use(await start(agent.command, { ready: { port: agent.port } })),
    });
  }
  const rows: string[][] = [];
  for (const scenario of SCENARIOS) {
    const count = Math.max(50, Math.round(scenario.count * scale));
    const results = agents.map(() => [] as Round[]);
    // The first two warm up; who goes first alternates.
    for (let round = -2; round < rounds; round++) {
      for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const result = await loadAgent(agents[at]!, { ...scenario, count });
        if (round >= 0) results[at]!.push(result);
      }
    }
    const [off, on] = results as [Round[], Round[]];
    for (const [at, mine] of [off, on].entries()) {
      const of = (pick: (round: Round) => number) => median(mine.map(pick));
      const against = (pick: (round: Round) => number) =>
        at === 0 ? "" : `${short(median(mine.map((round, nth) => pick(round) / pick(off[nth]!))))} ×`;
      rows.push([
        `${scenario.name}, ${agents[at]!.name}`,
        short(of(({ requestsPerSecond }) => requestsPerSecond)),
        short(of(({ p50 }) => p50)),
        against(({ p50 }) => p50),
        short(of(({ p99 }) => p99)),
        against(({ p99 }) => p99),
        short(of(({ cpuMs }) => cpuMs)),
        at === 0 ? "" : short(of(({ behind }) => behind)),
        short(of(({ allRecorded }) => count / allRecorded)),
      ]);
    }
  }
  const head = [
    "",
    "requests/s",
    "p50 ms",
    "of off",
    "p99 ms",
    "of off",
    "CPU ms a call",
    "behind",
    "worked off/s",
  ];
  return table(head, rows);
}

async function loadAgent(
  agent: Agent,
  scenario: { concurrency: number; count: number; mode: string },
): Promise<Round> {
  const started = performance.now();
  const figures = await runLoad({ ...agent, path: "/v1/chat/completions" }, scenario);
  // The client's own start is none of the load's time.
  const loading = (scenario.count / figures.requestsPerSecond) * 1_000;
  const idle = performance.now() - started - loading;
  const health = await (await fetch(`http://127.0.0.1:${agent.adminPort}/admin/status`)).json();
  const behind = Math.max(0, ...health.streams.map(({ lag }: { lag: number }) => lag));
  await allSettled(agent.adminPort);
  return { ...figures, behind, allRecorded: (performance.now() - started - idle) / 1_000 };
}
