import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plugin, PluginHooks } from "../plugin/contract.ts";
import { describePlugin } from "../plugin/describe_plugin.ts";
import { createHost } from "../plugin/host.ts";
import type { Host } from "../plugin/host_contract.ts";
import { pluginProblems } from "../plugin/plugin_problems.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import { createMeter } from "../telemetry/meter.ts";
import { testConfig } from "./plugin_config.ts";

/** How the suite runs. */
export interface PluginSuiteOptions {
  /** Lines of the plugin's table, as TOML, where its defaults won't do: `listen = "127.0.0.1:0"`. */
  config?: string;
  /** Deno's checks for leaked resources. Default true. */
  sanitize?: boolean;
}

const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;
const STOP_MS = 10_000;

/**
 * Registers a test for each sentence of the plugin contract's lifecycle, over any plugin: what `setup` may do, that it
 * starts and stops in an agent on the embedded bus, and that what it declares is sound.
 */
export function testPlugin(plugin: Plugin, options: PluginSuiteOptions = {}): void {
  const sanitize = options.sanitize ?? true;
  const test = (sentence: string, fn: () => void | Promise<void>) =>
    Deno.test({
      name: `${plugin?.name}: ${sentence}`,
      sanitizeOps: sanitize,
      sanitizeResources: sanitize,
      fn,
    });
  test("its default export is a plugin, and its settings' schema is sound", () => {
    assert.deepEqual(pluginProblems(plugin), []);
  });
  test("setup() throws nothing on the defaults, and registers the same each time", () => {
    assert.deepEqual(describe(plugin, options), describe(plugin, options));
  });
  test("its topics can be made on Kafka, and have at least one partition", () => {
    const { topics } = describe(plugin, options);
    for (const topic of topics) assert.match(topic, TOPIC_NAME);
  });
  test("it starts in an agent, is well, and stops within its time", async () => {
    await withHost(plugin, options, async (host) => {
      await host.start();
      for (const [part, { status, detail }] of Object.entries(host.health())) {
        assert.notEqual(status, "failed", `${part}: ${detail}`);
      }
      const { left, lost } = await host.stop({ timeoutMs: STOP_MS });
      assert.deepEqual({ left, lost }, { left: [], lost: [] });
    });
  });
  test("a second agent starts on the file that the first one left", async () => {
    await withHost(plugin, options, async (host, again) => {
      await host.start();
      await host.stop({ timeoutMs: STOP_MS });
      await again.start();
      await again.stop({ timeoutMs: STOP_MS });
    });
  });
  test("stop() is safe before start() and twice; health() answers at any time", async () => {
    const seen: PluginHooks[] = [];
    const watched: Plugin = {
      ...plugin,
      setup: (ctx, config) => {
        const hooks = plugin.setup(ctx, config);
        if (hooks) seen.push(hooks);
        return hooks;
      },
    };
    await withHost(watched, options, async (host) => {
      host.register();
      for (const hooks of seen) {
        hooks.health?.();
        await hooks.stop?.();
        await hooks.stop?.();
        hooks.health?.();
      }
      await host.stop({ timeoutMs: STOP_MS });
    });
  });
}

/** The plugin's configuration, in a folder that need not exist. */
function configOf(plugin: Plugin, { config = "" }: PluginSuiteOptions, dir: string) {
  return testConfig([plugin], config, dir);
}

function describe(plugin: Plugin, options: PluginSuiteOptions) {
  return describePlugin(plugin, configOf(plugin, options, tmpdir()).plugin(plugin.name).settings);
}

/** Two agents on one file in a folder of their own, neither started; both are ended behind. */
async function withHost(
  plugin: Plugin,
  options: PluginSuiteOptions,
  work: (host: Host, again: Host) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "capstan-plugin-"));
  try {
    const config = configOf(plugin, options, dir);
    const make = () =>
      createHost({
        plugins: [plugin],
        settings: config.host,
        pluginSettings: { [plugin.name]: config.plugin(plugin.name).settings },
        storeFile: config.host.store.sqlite,
        version: "0.0.0",
        log: createLogger({ sink: () => {} }),
        meter: createMeter(),
      });
    await using host = make();
    await using again = make();
    await work(host, again);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
