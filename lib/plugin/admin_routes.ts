import type { Caller } from "../access/caller.ts";
import { type AdminRoute, json } from "../http/admin_app.ts";
import type { RootMeter } from "../telemetry/meter.ts";
import type { Health } from "../telemetry/health.ts";
import type { AgentStatus, ReloadAnswer } from "./host_contract.ts";
import type { RegisteredRoute, Registry } from "./registry.ts";

/** What the agent's own routes show and drive. */
export interface AdminSubject {
  readonly state: "starting" | "running" | "stopping" | "stopped";
  health(): Readonly<Record<string, Health>>;
  status(): Promise<AgentStatus>;
  /** Sends what waits in the local log; `null` without a relay. */
  drainOutbox(signal: AbortSignal): Promise<{ drained: boolean; lag: number; detail?: string } | null>;
  /** Reads the configuration again; `null` where nobody can. */
  reload(): Promise<ReloadAnswer | null>;
  /** Where a plugin is between two instances: resolves when that is over. */
  ready(plugin: string): Promise<void> | undefined;
}

const MAX_DRAIN_MS = 10 * 60_000;

/** The agent's own routes, and the plugins'. */
export function adminRoutes(subject: AdminSubject, registry: Registry, meter: RootMeter): AdminRoute[] {
  const own: AdminRoute[] = [
    {
      method: "GET",
      path: "/metrics",
      handler: async () =>
        new Response(await meter.text(), { headers: { "content-type": meter.contentType } }),
    },
    {
      method: "GET",
      path: "/healthz",
      handler: () => json({ status: worst(subject.health()), parts: subject.health() }),
      brief: () => json({ status: worst(subject.health()) }),
    },
    {
      method: "GET",
      path: "/readyz",
      handler: () => {
        const ready = isReady(subject);
        return json({ ready, state: subject.state, parts: subject.health() }, ready ? 200 : 503);
      },
      brief: () => {
        const ready = isReady(subject);
        return json({ ready }, ready ? 200 : 503);
      },
    },
    { method: "GET", path: "/admin/status", handler: async () => json(await subject.status()) },
    {
      method: "POST",
      path: "/admin/outbox/drain",
      handler: async (request) => {
        const wanted = Number(new URL(request.url).searchParams.get("timeout_ms") ?? 60_000);
        const ms = wanted >= 0 && wanted <= MAX_DRAIN_MS ? wanted : MAX_DRAIN_MS;
        const result = await subject.drainOutbox(AbortSignal.timeout(ms));
        return result ? json(result) : json({ error: "there is no outbox: no Kafka is configured" }, 409);
      },
    },
    {
      method: "POST",
      path: "/admin/reload",
      handler: async () => {
        if (subject.state !== "running") return json({ error: `the agent is ${subject.state}` }, 503);
        const answer = await subject.reload();
        return answer ? json(answer) : json({ error: "this agent has no configuration to read again" }, 409);
      },
    },
    { method: "POST", path: "/admin/streams/pause", handler: (request) => each(registry, request, "pause") },
    {
      method: "POST",
      path: "/admin/streams/resume",
      handler: (request) => each(registry, request, "resume"),
    },
  ];
  const plugins = registry.routes.map((route): AdminRoute => ({
    method: route.method,
    path: route.path,
    ...(route.role && { role: route.role }),
    handler: (request, params, caller) => answer({ subject, registry, route }, request, params, caller),
  }));
  return [...own, ...plugins];
}

/** A plugin's route as it is now: between the request and the answer its plugin may have been loaded again. */
async function answer(
  { subject, registry, route }: { subject: AdminSubject; registry: Registry; route: RegisteredRoute },
  request: Request,
  params: Readonly<Record<string, string>>,
  caller: Caller,
): Promise<Response> {
  await subject.ready(route.plugin);
  if (subject.state !== "running") return json({ error: `the agent is ${subject.state}` }, 503);
  const { method, path, plugin } = route;
  const now = registry.routes.find((each) => each.method === method && each.path === path);
  if (now === undefined) return json({ error: `${plugin} answers this no more` }, 404);
  const life = registry.lives.find((each) => each.plugin === now.plugin);
  const work = () => now.handler(request, params, caller);
  return await (life?.answer(work) ?? work());
}

function isReady(subject: AdminSubject): boolean {
  return subject.state === "running" && worst(subject.health()) !== "failed";
}

/** The worst of the parts' states. */
export function worst(parts: Readonly<Record<string, Health>>): Health["status"] {
  const states = Object.values(parts).map(({ status }) => status);
  return states.includes("failed") ? "failed" : states.includes("degraded") ? "degraded" : "ok";
}

/** Pauses or resumes `?stream=NAME`, or without a name all streams. */
function each(registry: Registry, request: Request, verb: "pause" | "resume"): Response {
  const name = new URL(request.url).searchParams.get("stream");
  const streams = registry.streams.filter((stream) => name === null || stream.name === name);
  if (name !== null && streams.length === 0) {
    const names = registry.streams.map((stream) => stream.name);
    return json({ error: `there is no stream ${JSON.stringify(name)}`, streams: names }, 404);
  }
  for (const { handle } of streams) handle[verb]();
  return json({ streams: streams.map((stream) => ({ name: stream.name, paused: stream.handle.paused })) });
}
