import { Agent } from "./agent.ts";
import type { OpenParts } from "./context.ts";
import type { Plugin } from "./contract.ts";
import type { Host, HostChange, HostOptions, PluginOutcome, StopReport } from "./host_contract.ts";
import { PluginGauges } from "./plugin_gauges.ts";
import type { WantedPlugin } from "./next_instances.ts";
import { wantedTopics } from "./prepare_store.ts";
import { Registry } from "./registry.ts";
import { runCommand } from "./run_command.ts";
import { setUpPlugin } from "./set_up.ts";
import type { WantedTopic } from "./topics.ts";

/** Milliseconds a stop takes at most, unless told otherwise. */
const STOP_MS = 30_000;
const NAME = /^[a-z][a-z0-9_]*$/;

/** An agent, of the given plugins; nothing happens until `start`, `register` or `runCommand`. */
export function createHost(options: HostOptions): Host {
  const registry = new Registry();
  const parts: OpenParts = {};
  const gauges = new PluginGauges();
  /** What runs, as it was given. */
  const running = new Map<string, WantedPlugin>();
  const life: { registered: boolean; agent?: Agent; starting?: Promise<void> } = { registered: false };
  let changing: Promise<unknown> = Promise.resolve();
  let stopped: Promise<StopReport> | undefined;

  function register(): void {
    if (life.registered) return;
    life.registered = true;
    const names = new Set<string>();
    for (const plugin of options.plugins) {
      if (!NAME.test(plugin.name)) {
        throw new Error(`Cannot set up plugin ${JSON.stringify(plugin.name)}: a name is [a-z][a-z0-9_]*`);
      }
      if (names.has(plugin.name)) {
        throw new Error(`Cannot set up plugin ${plugin.name}: there are two of that name`);
      }
      names.add(plugin.name);
      setUp(plugin);
    }
    registry.checkValues();
  }

  function setUp(plugin: Plugin): void {
    const settings = options.pluginSettings[plugin.name];
    try {
      const { log, meter, clock, redaction } = options;
      const consumerGroup = options.settings.kafka?.consumer_group;
      setUpPlugin({ plugin, settings, registry, parts, gauges, log, meter, clock, redaction, consumerGroup })
        .show();
      running.set(plugin.name, { plugin, settings });
    } catch (error) {
      if (!options.optional?.includes(plugin.name)) throw error;
      options.log.warn(
        `${error instanceof Error ? error.message : error}. It is optional; the agent starts without it.`,
        {
          component: plugin.name,
        },
      );
    }
  }

  function declaredTopics(): readonly WantedTopic[] {
    register();
    return wantedTopics(registry, life.agent?.settings ?? options.settings);
  }

  async function start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    if (stopped) throw new Error("Cannot start the agent: it was stopped; make another one");
    if (life.agent) throw new Error("Cannot start the agent: it was started already");
    register();
    const stopping = life.agent = new Agent(options, registry, parts, gauges);
    life.starting = stopping.start(signal);
    await life.starting;
  }

  async function stopOnce(timeoutMs: number): Promise<StopReport> {
    // A start under way is finished first: half an agent can't be stopped in order.
    const started = await life.starting?.then(() => true, () => false);
    if (!life.agent || !started) return { drained: true, left: [], lost: [] };
    return await life.agent.stop(timeoutMs);
  }

  async function change(
    { plugins, pluginSettings, settings, drainMs }: HostChange,
  ): Promise<PluginOutcome[]> {
    const { agent } = life;
    if (!agent) throw new Error("Cannot reload: the agent was not started");
    const { changes } = agent;
    await agent.apply(settings);
    const wanted = plugins.map((plugin) => ({ plugin, settings: pluginSettings[plugin.name] }));
    return await changes.change(wanted, running, drainMs);
  }

  const stop: Host["stop"] = ({ timeoutMs = STOP_MS } = {}) => stopped ??= stopOnce(timeoutMs);

  return {
    register,
    start,
    stop,
    get commands() {
      return registry.commands;
    },
    topics: () => declaredTopics().map(({ spec }) => spec),
    declaredTopics,
    declaredValues: () => {
      register();
      return registry.topics.values();
    },
    change: (wanted) => {
      const turn = changing.then(() => change(wanted));
      changing = turn.catch(() => {});
      return turn;
    },
    announcements: () => life.agent?.announcements ?? [],
    get adminOrigin() {
      return life.agent?.adminOrigin;
    },
    runCommand: (path, input) => {
      register();
      return runCommand(options, registry, parts, path, input);
    },
    status: () => (life.agent ?? new Agent(options, registry, parts, gauges)).status(),
    health: () => life.agent?.health() ?? {},
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}
