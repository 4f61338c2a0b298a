import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plugin } from "../plugin/contract.ts";
import { describePlugin } from "../plugin/describe_plugin.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import { AgentFaults } from "./agent_faults.ts";
import { capturedLine } from "./captured_line.ts";
import { DrivenClock } from "./driven_clock.ts";
import { foreignTopics, keptForEver } from "./foreign_topics.ts";
import { LogView } from "./log_view.ts";
import { testConfig } from "./plugin_config.ts";
import { RemoteBus } from "./remote_bus.ts";
import { RunningTestAgent } from "./running_test_agent.ts";
import { TestLogs } from "./test_logs.ts";
import type { CapturedLine, TestAgent, TestAgentOptions } from "./test_agent_contract.ts";

const START = "2026-01-01T00:00:00Z";
const DEADLINE_MS = 60_000;

/**
 * Starts an agent that runs `plugin`, on the embedded bus and a store of its own in a temporary folder: the code that
 * runs everywhere else, with the clock in the test's hands. Disposing of it stops it and removes the folder.
 *
 * ```ts
 * import { openTestAgent } from "capstan/testing";
 * import type { Plugin } from "capstan";
 *
 * const shout: Plugin = {
 *   name: "shout",
 *   setup(ctx) {
 *     ctx.topic({ name: "shouts.v1", partitions: 1 });
 *     ctx.stream<{ text: string }>({ topics: ["words.v1"], outputTopic: "shouts.v1" }, (batch) =>
 *       batch.records.map(({ data }) => ({ text: data.text.toUpperCase() })));
 *   },
 * };
 *
 * await using agent = await openTestAgent(shout);
 * await agent.deliver("words.v1", [{ value: { text: "hello" } }]);
 * const [first] = agent.outputs<{ text: string }>("shouts.v1");
 * if (first?.data.text !== "HELLO") throw new Error("it whispers");
 * ```
 *
 * @throws {ConfigError} the settings are not what the plugin's schema takes.
 * @throws {Error} the plugin's `setup` or `start` threw.
 */
export async function openTestAgent(plugin: Plugin, options: TestAgentOptions = {}): Promise<TestAgent> {
  const { topics = [], beside = [], now = START, backOff = "skip", bus = "local" } = options;
  const { deadlineMs = DEADLINE_MS } = options;
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "capstan-test-"));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const plugins = [plugin, ...beside];
  const config = testConfig(plugins, options.config ?? {}, dir);
  const settings = (name: string) => config.plugin(name).settings;
  const described = plugins.map((each) => describePlugin(each, settings(each.name)));
  const foreign = foreignTopics({ described, topics });
  const faults = new AgentFaults();
  const clock = new DrivenClock({
    now: typeof now === "string" ? Date.parse(now) : now,
    maySkip: () => backOff === "skip" && !faults.lasting,
  });
  const logs: CapturedLine[] = [];
  const storeFile = config.host.store.sqlite;
  const time = () => clock.now();
  const local = stack.use(await LogView.open(storeFile, time));
  const remote = bus === "remote"
    ? stack.use(await RemoteBus.open({ file: join(dir, "bus.sqlite"), now: time, faults }))
    : undefined;
  const view = new TestLogs({ local, remote, faults });
  const host = {
    plugins: [...plugins, foreign],
    settings: { ...config.host, topics: keptForEver({ described, topics }) },
    pluginSettings: Object.fromEntries(plugins.map(({ name }) => [name, settings(name)])),
    storeFile,
    version: "0.0.0",
    log: createLogger({
      level: "debug",
      format: "json",
      now: () => clock.now(),
      sink: (line) => void logs.push(capturedLine(line)),
    }),
  };
  const agent = new RunningTestAgent({
    ...{ plugin: plugin.name, host, clock, faults, logs, view, remote, deadlineMs },
    rest: stack.move(),
  });
  try {
    await agent.start();
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    throw error;
  }
  return agent;
}
