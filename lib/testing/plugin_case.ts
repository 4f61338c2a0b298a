import type { StreamOptions } from "../bus/handler.ts";
import type { Plugin } from "../plugin/contract.ts";
import { describePlugin, type PluginDescription } from "../plugin/describe_plugin.ts";
import { tmpdir } from "node:os";
import { observedPlugin, PluginObserver } from "./plugin_observer.ts";
import { testConfig, type TestSettings } from "./plugin_config.ts";
import { openTestAgent } from "./test_agent.ts";
import type { TestAgent, TestRecord, TestTopic } from "./test_agent_contract.ts";

/** What a plugin is tested with. */
export interface PluginSubject {
  plugin: Plugin;
  /** Its settings, where its defaults won't do. */
  config: TestSettings;
  /** Records that its streams handle, by topic. */
  records: Readonly<Record<string, readonly TestRecord[]>>;
  topics: readonly TestTopic[];
  deadlineMs?: number;
}

/** One sentence of the plugin contract and what shows it. */
export interface PluginCase {
  /** What holds. */
  name: string;
  /** `records`: it hands some to the plugin's streams; `once`: all of these deliver exactly once, on the agent's thread. */
  needs?: "records" | "once";
  /** Throws where it does not hold. */
  run(bench: PluginBench): void | Promise<void>;
}

/** What a case works with. */
export class PluginBench {
  constructor(readonly subject: PluginSubject) {}

  /** What `setup` registers, with these settings in place of the subject's. */
  describe(
    config: TestSettings = this.subject.config,
    plugin: Plugin = this.subject.plugin,
  ): PluginDescription {
    return describePlugin(plugin, testConfig([plugin], config, tmpdir()).plugin(plugin.name).settings);
  }

  /** The options of its streams. */
  streams(): StreamOptions[] {
    const observer = new PluginObserver();
    this.describe(this.subject.config, observedPlugin(this.subject.plugin, observer));
    return observer.streams;
  }

  /** An agent that runs the plugin, watched. */
  async observed(): Promise<{ agent: TestAgent; observer: PluginObserver } & AsyncDisposable> {
    // What the plugin makes of the same records again, and reads itself, is its own affair.
    const observer = new PluginObserver(Object.keys(this.subject.records));
    const agent = await this.agent(observedPlugin(this.subject.plugin, observer));
    return { agent, observer, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() };
  }

  /** An agent that runs the plugin. */
  agent(plugin: Plugin = this.subject.plugin, bus: "local" | "remote" = "local"): Promise<TestAgent> {
    const { config, topics, deadlineMs } = this.subject;
    return openTestAgent(plugin, { config, topics, bus, ...(deadlineMs !== undefined && { deadlineMs }) });
  }

  /** Hands the subject's records over, topic by topic. */
  async deliver(agent: TestAgent): Promise<void> {
    for (const [topic, records] of Object.entries(this.subject.records)) await agent.deliver(topic, records);
  }
}
