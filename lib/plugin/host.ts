import { systemClock } from "../bus/clock.ts";
import { errorChain } from "../telemetry/plain.ts";
import { Agent } from "./agent.ts";
import { createContext, type OpenParts } from "./context.ts";
import type { Host, HostOptions, StopReport } from "./host_contract.ts";
import { wantedTopics } from "./prepare_store.ts";
import { Registry } from "./registry.ts";
import { runCommand } from "./run_command.ts";
import type { WantedTopic } from "./topics.ts";

/** Milliseconds a stop takes at most, unless told otherwise. */
const STOP_MS = 30_000;
const NAME = /^[a-z][a-z0-9_]*$/;

/** An agent, of the given plugins; nothing happens until `start`, `register` or `runCommand`. */
export function createHost(options: HostOptions): Host {
  const registry = new Registry();
  const parts: OpenParts = {};
  const life: { registered: boolean; sealed: boolean; agent?: Agent; starting?: Promise<void> } = {
    registered: false,
    sealed: false,
  };
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
    life.sealed = true;
  }

  function setUp(plugin: HostOptions["plugins"][number]): void {
    const context = createContext({
      plugin: plugin.name,
      registry,
      parts,
      isSealed: () => life.sealed,
      log: options.log.child({ component: plugin.name }),
      meter: options.meter.scope(`capstan_${plugin.name}_`),
      clock: options.clock ?? systemClock,
      defaultGroup: options.settings.kafka?.consumer_group ?? plugin.name,
    });
    try {
      const hooks = plugin.setup(context, options.pluginSettings[plugin.name] ?? {});
      if (hooks) registry.hooks.push({ plugin: plugin.name, hooks });
    } catch (cause) {
      const error = new Error(`Cannot set up plugin ${plugin.name}: ${errorChain(cause)}`, { cause });
      if (!options.optional?.includes(plugin.name)) throw error;
      registry.forget(plugin.name);
      options.log.warn(`${error.message}. It is optional; the agent starts without it.`, {
        component: plugin.name,
      });
    }
  }

  function declaredTopics(): readonly WantedTopic[] {
    register();
    return wantedTopics(registry, options.settings);
  }

  async function start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    if (stopped) throw new Error("Cannot start the agent: it was stopped; make another one");
    if (life.agent) throw new Error("Cannot start the agent: it was started already");
    register();
    const stopping = life.agent = new Agent(options, registry, parts);
    life.starting = stopping.start(signal);
    await life.starting;
  }

  async function stopOnce(timeoutMs: number): Promise<StopReport> {
    // A start under way is finished first: half an agent can't be stopped in order.
    const started = await life.starting?.then(() => true, () => false);
    if (!life.agent || !started) return { drained: true, left: [], lost: [] };
    return await life.agent.stop(timeoutMs);
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
    announcements: () => life.agent?.announcements ?? [],
    get adminOrigin() {
      return life.agent?.adminOrigin;
    },
    runCommand: (path, input) => {
      register();
      return runCommand(options, registry, parts, path, input);
    },
    status: () => (life.agent ?? new Agent(options, registry, parts)).status(),
    health: () => life.agent?.health() ?? {},
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}
