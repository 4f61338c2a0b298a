import { join } from "node:path";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { createHost } from "../../../lib/plugin/host.ts";
import type { Host, HostOptions } from "../../../lib/plugin/host_contract.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";

/** A folder, a host in it, and what it said. */
export interface Rig {
  folder: string;
  host: Host;
  lines: string[];
  /** Another host on the same file. */
  another(plugins: readonly Plugin[], changes?: Partial<HostOptions>): Host;
}

/** Runs `work` with a host on a new folder; stops the host and removes the folder. */
export async function withHost(
  plugins: readonly Plugin[],
  work: (rig: Rig) => Promise<void>,
  changes: Partial<HostOptions> = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const lines: string[] = [];
  const hosts: Host[] = [];
  const another: Rig["another"] = (others, more = {}) => {
    const host = createHost({
      plugins: others,
      settings: { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} },
      pluginSettings: {},
      storeFile: join(folder, "capstan.sqlite"),
      version: "0.0.0",
      log: createLogger({ sink: (line) => lines.push(line) }),
      meter: createMeter(),
      ...more,
    });
    hosts.push(host);
    return host;
  };
  try {
    await work({ folder, host: another(plugins, changes), lines, another });
  } finally {
    for (const host of hosts) await host.stop();
    await Deno.remove(folder, { recursive: true });
  }
}
