import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost } from "../plugin/host.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import { createMeter } from "../telemetry/meter.ts";
import type { PluginBench, PluginCase } from "./plugin_case.ts";
import { testConfig } from "./plugin_config.ts";
import { observedPlugin, PluginObserver } from "./plugin_observer.ts";
import { refuse } from "./plugin_setup_cases.ts";

const STATES = new Set(["ok", "degraded", "failed"]);
/** Milliseconds of the clock that pass after a stop, and in which steps. */
const AFTER = { steps: 12, ms: 300_000 };

/** What holds of starting and stopping. */
export const LIFE_CASES: readonly PluginCase[] = [
  {
    name: "it starts in an agent, is well, and stops within its time",
    async run(bench) {
      await using agent = await bench.agent();
      for (const [part, { status, detail }] of Object.entries(agent.health())) {
        assert.notEqual(status, "failed", `${part} has failed: ${detail}`);
      }
      await agent.restart();
    },
  },
  {
    name: "a second agent starts on the file that the first one left",
    async run(bench) {
      await using agent = await bench.agent();
      await agent.restart();
      await agent.restart();
    },
  },
  {
    name: "stop() is safe before start() and twice",
    async run(bench) {
      const observer = new PluginObserver();
      const { host } = unstarted(bench, observer);
      await using stopped = host;
      stopped.register();
      for (const hooks of observer.hooks) {
        await called("stop() before start()", () => hooks.stop?.());
        await called("a second stop()", () => hooks.stop?.());
      }
    },
  },
  {
    name: "health() answers at once, at any time",
    async run(bench) {
      const observer = new PluginObserver();
      await using before = unstarted(bench, observer).host;
      before.register();
      mustTellHealth(observer, "before start()");
      await using running = await bench.observed();
      mustTellHealth(running.observer, "while it runs");
      await running.agent.restart();
      mustTellHealth(running.observer, "after stop()");
    },
  },
  {
    name: "after stop() nothing of it goes on",
    async run(bench) {
      await using watched = await bench.observed();
      const { agent, observer } = watched;
      if (bench.describe().streams.length > 0) await bench.deliver(agent);
      await agent.restart();
      for (let step = 0; step < AFTER.steps; step++) await agent.clock.advance(AFTER.ms);
      refuse(
        [...observer.late],
        (what) => `it calls ${what} after its stop(): end what you began in start()`,
      );
    },
  },
];

/** The plugin in a host that is not started. */
function unstarted({ subject }: PluginBench, observer: PluginObserver) {
  const dir = join(tmpdir(), "capstan-unstarted");
  const plugin = observedPlugin(subject.plugin, observer);
  const config = testConfig([plugin], subject.config, dir);
  return {
    host: createHost({
      plugins: [plugin],
      settings: config.host,
      pluginSettings: { [plugin.name]: config.plugin(plugin.name).settings },
      storeFile: config.host.store.sqlite,
      version: "0.0.0",
      log: createLogger({ sink: () => {} }),
      meter: createMeter(),
    }),
  };
}

async function called(what: string, call: () => void | Promise<void>): Promise<void> {
  try {
    await call();
  } catch (cause) {
    throw new assert.AssertionError({ message: `${what} throws: ${cause}` });
  }
}

function mustTellHealth({ hooks }: PluginObserver, when: string): void {
  for (const each of hooks) {
    if (!each.health) continue;
    const health: unknown = each.health();
    assert.ok(typeof health === "object" && health !== null, `health() gives no health ${when}: ${health}`);
    assert.ok(!("then" in health), `health() gives a promise ${when}: answer with what is known already`);
    const status = "status" in health ? health.status : undefined;
    assert.ok(
      typeof status === "string" && STATES.has(status),
      `health() gives status ${JSON.stringify(status)} ${when}: ok, degraded or failed`,
    );
  }
}
