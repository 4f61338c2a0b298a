import assert from "node:assert/strict";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import type { HostChange } from "../../../lib/plugin/host_contract.ts";

/** Settings every agent here has, and the time its plugins have to end what is under way. */
export const SETTINGS = { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };

export function becomes(plugins: readonly Plugin[], more: Partial<HostChange> = {}): HostChange {
  return { plugins, pluginSettings: {}, settings: SETTINGS, drainMs: 60_000, ...more };
}

/** A plugin that says what is called, and answers its version on a listener and on a route. */
export function versioned(
  version: string,
  said: string[],
  more: Partial<Plugin> & { listen?: string } = {},
): Plugin {
  const { listen = "127.0.0.1:0", ...rest } = more;
  return {
    name: "p",
    setup(ctx) {
      said.push(`setup ${version}`);
      ctx.route("GET", "/version", () => new Response(version));
      ctx.serve({ name: "own", listen, handler: (_request, response) => void response.end(version) });
      return {
        start: () => void said.push(`start ${version}`),
        drain: () => void said.push(`drain ${version}`),
        stop: () => void said.push(`stop ${version}`),
      };
    },
    ...rest,
  };
}

export async function originOf(
  host: { status(): Promise<{ listeners: readonly { name: string; origin: string }[] }> },
) {
  const found = (await host.status()).listeners.find(({ name }) => name === "own")?.origin;
  assert.ok(found, "the plugin's listener is open");
  return found;
}

export const text = async (url: string) => await (await fetch(url)).text();
