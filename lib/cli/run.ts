import type { CliCommand, CliOption, Invocation } from "./command.ts";
import type { Host } from "../plugin/host_contract.ts";
import { EXIT } from "./exit.ts";
import { plural } from "./format.ts";
import type { MakeOptions } from "./make_host.ts";
import { styleFor } from "./style.ts";

/** Flags of the commands that start an agent. */
export const RUN_OPTIONS: readonly CliOption[] = [
  {
    flags: "--watch",
    doc: "load plugins of your own again when their files change, and the configuration when it does",
  },
];

/** What their help says of reloading. */
export const RELOADS = "SIGHUP, or `capstan reload`, has configuration and plugins read again while it runs.";

/** `capstan run` */
export const run: CliCommand = {
  path: "run",
  doc: "Start the agent: every enabled plugin, until Ctrl-C",
  more: RELOADS,
  reloads: true,
  options: RUN_OPTIONS,
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
  const { Reloading } = await import("./reloading.ts");
  await using reloading = new Reloading(call);
  const made = await makeHost(call, { ...options, onReload: () => reloading.reload() });
  await using host = made.host;
  const stopping = AbortSignal.any([signal, reloading.terminalGone]);
  await host.start(stopping);
  await reloading.begin(made, options);
  await io.stdout.write(describeAgent(made, styleFor(io.stdout)));
  if (!stopping.aborted) {
    await new Promise((resolve) => stopping.addEventListener("abort", resolve, { once: true }));
  }
  reloading.end();
  await io.stderr.write(`stopping: ${underWay(host)}; once more to stop at once\n`);
  const report = await host.stop({ timeoutMs: reloading.settings(made.config.host).agent.drain_timeout });
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
