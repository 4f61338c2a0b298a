import type { CliCommand, Invocation } from "./command.ts";
import type { Host } from "../plugin/host_contract.ts";
import { EXIT } from "./exit.ts";
import { plural } from "./format.ts";
import type { MakeOptions } from "./make_host.ts";
import { styleFor } from "./style.ts";

/** `capstan run` */
export const run: CliCommand = {
  path: "run",
  doc: "Start the agent: every enabled plugin, until Ctrl-C",
  // `--kafka-brokers` and its like are `serve proxy`'s.
  settings: (key) => !key.startsWith("publisher."),
  examples: [
    "capstan run",
    "capstan run --config-dir ./data --listen 127.0.0.1:9000",
    "capstan run --provider anthropic -u https://api.anthropic.com",
  ],
  run: (call) => runAgent(call, {}),
};

/** Starts an agent, says what it is, and stops it when asked to. The exit code is 1 where something accepted was lost. */
export async function runAgent(call: Invocation, options: MakeOptions): Promise<number> {
  const { makeHost } = await import("./make_host.ts");
  const { describeAgent } = await import("./describe_agent.ts");
  const { io, signal } = call;
  for (const { optional, error } of call.failed) {
    if (!optional) throw error;
    await io.stderr.write(
      `${styleFor(io.stderr).yellow("warning:")} starting without it: ${error.message}\n`,
    );
  }
  const made = await makeHost(call, options);
  await using host = made.host;
  await host.start(signal);
  await io.stdout.write(describeAgent(made, styleFor(io.stdout)));
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  await io.stderr.write(`stopping: ${underWay(host)}; once more to stop at once\n`);
  const report = await host.stop({ timeoutMs: made.config.host.agent.drain_timeout });
  for (const left of report.left) await io.stderr.write(`not finished: ${left}\n`);
  for (const lost of report.lost) await io.stderr.write(`given up: ${lost}\n`);
  await io.stderr.write("stopped\n");
  return report.lost.length > 0 ? EXIT.failed : EXIT.ok;
}

/** What a stop waits for, as far as plugins tell. */
function underWay(host: Pick<Host, "health">): string {
  const calls = Object.values(host.health()).reduce(
    (sum, { figures }) => sum + Number(figures?.active_calls ?? 0),
    0,
  );
  return `${plural(calls, "call")} under way`;
}
