/**
 * The proxy beside a passthrough that records nothing, and direct calls, in turns within one run; medians over the
 * rounds, ratios round by round. `deno task bench proxy [--rounds N] [--peers]`
 */
import { parseArgs } from "node:util";
import { agentCommand } from "./agent.ts";
import { type Measured, start, usage } from "./process.ts";
import { litellm, portkey } from "./peers.ts";
import { allSettled, type LoadFigures, runLoad } from "./run_load.ts";
import { median, short, table } from "./table.ts";

interface Contender {
  name: string;
  target: Measured;
  path: string;
  /** Share of the calls of a round it is given; slow peers get fewer. */
  share: number;
  headers?: Record<string, string>;
  /** Resolves when nothing of the last load is left to do, so that it takes no CPU from the next contender. */
  settled?(): Promise<unknown>;
}

const here = new URL(".", import.meta.url).pathname;
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    peers: { type: "boolean", default: false },
    only: { type: "string" },
    scale: { type: "string", default: "1" },
  },
});
const scale = Number(values.scale);
const scenarios = [
  { name: "concurrency 1", concurrency: 1, count: 1500, mode: "plain" },
  { name: "concurrency 16", concurrency: 16, count: 8000, mode: "plain" },
  { name: "concurrency 64", concurrency: 64, count: 8000, mode: "plain" },
  { name: "streams of 50 chunks, concurrency 16", concurrency: 16, count: 2000, mode: "stream" },
].filter(({ name }) => !values.only || name.includes(values.only));

await using stack = new AsyncDisposableStack();
const upstream = stack.use(
  await start([Deno.execPath(), "run", "-A", `${here}upstream.ts`], { ready: { line: /^port (\d+)$/ } }),
);
const origin = `http://127.0.0.1:${upstream.port}`;
const passthrough = stack.use(
  await start([Deno.execPath(), "run", "-A", `${here}passthrough.ts`, origin], {
    ready: { line: /^port (\d+)$/ },
  }),
);
const agents: Contender[] = [];
const variants = [
  { name: "capstan", tapes: "", more: "" },
  { name: "capstan, durability async", tapes: 'durability = "async"', more: "" },
  { name: "capstan, power_safe", tapes: "", more: "[store]\npower_safe = true" },
  { name: "capstan, audit", tapes: "", more: "[plugins.audit]\nenabled = true" },
];
for (const { name, tapes, more } of variants) {
  const agent = await agentCommand({ upstream: origin, tapes, more });
  stack.defer(() => agent.remove());
  const target = stack.use(await start(agent.command, { ready: { port: agent.port } }));
  const settled = () => allSettled(agent.adminPort);
  agents.push({ name, target, path: "/v1/chat/completions", share: 1, settled });
}
const contenders: Contender[] = [
  { name: "direct", target: upstream, path: "/v1/chat/completions", share: 1 },
  { name: "passthrough", target: passthrough, path: "/v1/chat/completions", share: 1 },
  ...agents,
];
if (values.peers) {
  for (const peer of [await portkey(origin), await litellm(origin)]) {
    if ("missing" in peer) console.log(peer.missing);
    else {
      try {
        const target = stack.use(await start(peer.command, { ready: { port: peer.port }, env: peer.env }));
        contenders.push({ ...peer, target });
      } catch (error) {
        console.log(`${peer.name} is left out: it did not start`);
        console.error(error);
      }
    }
  }
}

for (const scenario of scenarios) {
  const results = new Map<string, LoadFigures[]>(
    contenders.map(({ name }) => [name, []]),
  );
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const contender of contenders) {
      const count = Math.max(
        scenario.concurrency * 4,
        Math.round(scenario.count * scale * contender.share * (round < 0 ? 0.5 : 1)),
      );
      const result = await runLoad(contender, { ...scenario, count });
      await contender.settled?.();
      if (result.failed) console.log(`${contender.name}: ${result.failed} of ${count} calls failed`);
      if (round >= 0) results.get(contender.name)!.push(result);
    }
  }
  const bar = results.get("passthrough")!;
  const rows = contenders.map(({ name, target }) => {
    const mine = results.get(name)!;
    const of = (pick: (result: LoadFigures) => number) => median(mine.map(pick));
    return [
      name,
      short(of((one) => one.requestsPerSecond)),
      short(median(mine.map((one, at) => one.requestsPerSecond / bar[at]!.requestsPerSecond))),
      short(of((one) => one.p50)),
      short(median(mine.map((one, at) => one.p50 - bar[at]!.p50))),
      short(median(mine.map((one, at) => one.p99 - bar[at]!.p99))),
      short(of((one) => one.firstByteP50)),
      short(of((one) => one.cpuMs)),
      short(usage(target.pid).peakBytes / 1e6),
    ];
  });
  console.log(`\n## ${scenario.name}\n`);
  console.log(
    table([
      "",
      "requests/s",
      "of passthrough",
      "p50 ms",
      "added p50",
      "added p99",
      "first byte p50 ms",
      "CPU ms a call",
      "peak MB",
    ], rows),
  );
}
