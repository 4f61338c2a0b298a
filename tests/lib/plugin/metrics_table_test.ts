import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../../lib/config/load.ts";
import { createHost } from "../../../lib/plugin/host.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { createMeter, type MadeMetric } from "../../../lib/telemetry/meter.ts";
import { metricsTable } from "../../../lib/telemetry/metrics_table.ts";
import { plugins } from "../../../plugins/mod.ts";

const readme = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));

/** Every metric of an agent with all built-in plugins and Kafka, which need not answer. */
async function metricsOfAgent(): Promise<MadeMetric[]> {
  const dir = await Deno.makeTempDir();
  const listening = plugins.flatMap(({ name, config = {} }) =>
    "listen" in config ? [`[plugins.${name}]\nlisten = "127.0.0.1:0"\n`] : []
  );
  const text = `[admin]\nlisten = "127.0.0.1:0"\n[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n${
    listening.join("")
  }`;
  const located = { dir, file: join(dir, "config.toml"), text, origin: "told" } as const;
  const config = loadConfig({ plugins, located, env: {}, cwd: dir });
  const meter = createMeter();
  const host = createHost({
    plugins,
    settings: config.host,
    pluginSettings: Object.fromEntries(plugins.map(({ name }) => [name, config.plugin(name).settings])),
    storeFile: config.host.store.sqlite,
    version: "0.0.0",
    log: createLogger({ sink: () => {} }),
    meter,
  });
  try {
    await host.start();
  } finally {
    // What the Worker has is told at the latest when it ends.
    await host.stop();
    await Deno.remove(dir, { recursive: true });
  }
  return meter.list();
}

/** As `deno fmt` leaves it. */
async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--config", new URL("../../../deno.json", import.meta.url).pathname, "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout).trim();
}

Deno.test("every metric has a sentence, and a name that says its unit or counts", async () => {
  const metrics = await metricsOfAgent();
  assert.ok(metrics.length > 30);
  for (const { name, kind, help } of metrics) {
    assert.match(help, /^[A-Z0-9].*\.$/, name);
    assert.equal(name.endsWith("_total"), kind === "counter", name);
  }
});

const isThere = readme.includes("<!-- metrics -->");

Deno.test(
  { name: "README's table of metrics is the one that an agent gives", ignore: !isThere },
  async () => {
    const wanted = await formatted(metricsTable(await metricsOfAgent()));
    const shown = /<!-- metrics -->\n([\s\S]*?)<!-- \/metrics -->/.exec(readme)?.[1]?.trim();
    assert.ok(
      shown === wanted,
      `between <!-- metrics --> and <!-- /metrics --> README must have:\n\n${wanted}\n`,
    );
  },
);
