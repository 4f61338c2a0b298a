import type { ProviderType } from "../call.ts";
import { EchoUpstream } from "../echo/echo_upstream.ts";
import type { Settings } from "../settings.ts";
import { HttpUpstream } from "./http_upstream.ts";
import type { Upstream } from "./upstream.ts";

/** Somewhere calls can go, under a name. */
export interface Provider {
  name: string;
  type: ProviderType | "echo";
  upstream: Upstream;
  /** Address of a listener of its own. */
  listen?: string;
}

/** The providers of a proxy. */
export interface Providers {
  /** Gets what names no other. */
  own: Provider;
  /** All of them, by name; `echo` is always among them. */
  byName: ReadonlyMap<string, Provider>;
}

const origins: Readonly<Record<ProviderType, string>> = {
  openai: "https://api.openai.com",
  anthropic: "https://api.anthropic.com",
  ollama: "http://localhost:11434",
};

/** @throws {Error} two settings claim one name, or an upstream is not one. */
export function providersOf(settings: Settings): Providers {
  const byName = new Map<string, Provider>();
  for (const [name, table] of Object.entries(settings.providers)) {
    const upstream = upstreamOf(table.type, table.upstream, table.upstream_ca_file, settings);
    byName.set(name, { name, type: table.type, upstream, listen: table.listen });
  }
  const named = byName.get(settings.provider);
  if (named && settings.upstream !== undefined) {
    throw new Error(
      `Cannot set up provider ${settings.provider}: both upstream and [plugins.tapes.providers.${settings.provider}] ` +
        "say where it is; remove one of them",
    );
  }
  const own = named ?? {
    name: settings.provider,
    type: settings.provider,
    upstream: upstreamOf(settings.provider, settings.upstream, undefined, settings),
  };
  byName.set(own.name, own);
  if (!byName.has("echo")) byName.set("echo", { name: "echo", type: "echo", upstream: new EchoUpstream() });
  return { own, byName };
}

function upstreamOf(
  type: Provider["type"],
  url: string | undefined,
  caFile: string | undefined,
  settings: Settings,
): Upstream {
  if (type === "echo") return new EchoUpstream();
  return new HttpUpstream({
    url: url ?? origins[type],
    caFile: caFile ?? settings.upstream_ca_file,
    timeoutMs: settings.upstream_timeout,
  });
}

/** Which API a call speaks: the provider's own, and with the echo, which speaks all, the path's. */
export function apiOf(provider: Provider, target: string): ProviderType {
  if (provider.type !== "echo") return provider.type;
  if (/\/v1\/messages\b/.test(target)) return "anthropic";
  return /\/api\/(chat|generate)\b/.test(target) ? "ollama" : "openai";
}
