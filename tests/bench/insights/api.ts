import { freePort, start, usage } from "../process.ts";
import { median, short } from "../table.ts";
import { insightsAgent } from "./agent.ts";

const script = (name: string) => new URL(`./${name}`, import.meta.url).pathname;

/** Requests a second that the API takes durably, beside a server that only parses them; in turns. */
export async function measureApi(
  options: { rounds: number; seconds: number; concurrency: number },
): Promise<string[][]> {
  const { rounds, seconds, concurrency } = options;
  const apiPort = freePort();
  const { run } = await insightsAgent({ apiPort });
  await using agent = await run();
  const barePort = freePort();
  await using bare = await start(
    [Deno.execPath(), "run", "-A", "--no-check", script("bare_hono.ts"), String(barePort)],
    { ready: { port: barePort } },
  );
  const load = async (origin: string): Promise<number> => {
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", script("send_feedback.ts")],
        ...[origin, String(seconds), String(concurrency)],
      ],
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`Cannot measure ${origin}: the client failed`);
    return Number(new TextDecoder().decode(stdout));
  };
  const origins = { api: agent.api, bare: `http://127.0.0.1:${barePort}` };
  const found: Record<keyof typeof origins, number[]> = { api: [], bare: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const which of ["bare", "api"] as const) {
      const rate = await load(origins[which]);
      if (round > 0) found[which].push(rate);
    }
  }
  const ratio = median(found.api.map((rate, at) => rate / found.bare[at]!));
  const peak = (pid: number) => short(usage(pid).peakBytes / 1e6, " MB");
  return [
    ["a bare Hono server that parses", short(median(found.bare)), "", peak(bare.pid)],
    ["POST /v1/feedback, durable", short(median(found.api)), short(ratio), peak(agent.pid)],
  ];
}
