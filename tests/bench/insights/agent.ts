import { start } from "../process.ts";
import { agentCommand } from "../agent.ts";

/** An agent with the insights plugin, under measurement. */
export interface InsightsAgent extends AsyncDisposable {
  readonly pid: number;
  readonly dir: string;
  /** Origin of the listener for feedback, whose callers are the tenant `bench`. */
  readonly api: string;
}

/** Prepares the folder of an agent; `run` starts it. */
export async function insightsAgent(
  options: { more?: string; apiPort: number },
): Promise<{ file: string; run(): Promise<InsightsAgent> }> {
  const { command, dir, adminPort, remove } = await agentCommand({
    upstream: "http://127.0.0.1:9",
    more: options.more,
    tapes: `[plugins.insights]
enabled = true
[plugins.insights.api.listeners.bench]
listen = "127.0.0.1:${options.apiPort}"
tenant = "bench"
`,
  });
  return {
    file: `${dir}/capstan.sqlite`,
    async run() {
      const agent = await start(command, { ready: { port: adminPort } });
      return {
        pid: agent.pid,
        dir,
        api: `http://127.0.0.1:${options.apiPort}`,
        async [Symbol.asyncDispose]() {
          await agent[Symbol.asyncDispose]();
          await remove();
        },
      };
    },
  };
}
