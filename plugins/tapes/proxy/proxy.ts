import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Health, PluginContext } from "capstan";
import type { Settings } from "../settings.ts";
import { callId } from "./call_id.ts";
import { CaptureBudget } from "./capture_budget.ts";
import { type CallStart, Exchange } from "./exchange.ts";
import { KeyFingerprints } from "./key_fingerprint.ts";
import { maskTarget } from "./mask_target.ts";
import { apiOf, type Provider, type Providers, providersOf } from "./provider.ts";
import { proxyMetrics } from "./proxy_metrics.ts";
import type { ProxyParts } from "./proxy_parts.ts";
import { Recorder } from "./recorder.ts";
import { type Refusal, refuse } from "./refuse.ts";
import { readRequestHead } from "./request_head.ts";
import { routeTarget } from "./route_target.ts";
import { TrustedPeers } from "./trusted_peers.ts";

/** What a proxy needs of the agent. */
export type ProxyContext = Pick<
  PluginContext,
  "append" | "counter" | "gauge" | "log" | "now" | "redact" | "serve"
>;

/** Forwards calls and appends each to the calls topic. Registers its listeners when made; opens nothing. */
export class Proxy {
  readonly #parts: ProxyParts;
  readonly #providers: Providers;
  readonly #trusted: TrustedPeers;
  readonly #fingerprints = new KeyFingerprints();
  readonly #waiters = new Set<() => void>();
  #project: string | undefined;
  /** Calls given up before the stop began. */
  #givenUpBefore = 0;

  /** @throws {Error} a setting makes no sense; the message names it. */
  constructor(ctx: ProxyContext, settings: Settings) {
    if (settings.durability === "async" && settings.on_storage_failure === "block") {
      throw new Error(
        'Cannot withhold answers that go out at once: on_storage_failure = "block" needs durability = ' +
          '"before-response"; change one of them',
      );
    }
    const metrics = proxyMetrics(ctx);
    const budget = new CaptureBudget(settings.capture_memory);
    this.#providers = providersOf(settings);
    this.#trusted = new TrustedPeers(settings.trusted_proxies);
    this.#parts = {
      recorder: new Recorder({
        append: (topic, record, options) => ctx.append(topic, record, options),
        redact: ctx.redact,
        now: () => ctx.now(),
        log: ctx.log,
        metrics,
        onFailure: settings.on_storage_failure,
        commitTimeoutMs: settings.commit_timeout,
        retryBytes: settings.retry_memory,
      }),
      budget,
      metrics,
      log: ctx.log,
      // To the microsecond: further digits tell nothing and take long to write.
      now: () => Math.round(ctx.now() * 1000) / 1000,
      captureLimit: settings.capture_limit,
      durability: settings.durability,
      onFailure: settings.on_storage_failure,
      project: () => this.#project,
      underWay: { calls: 0, tunnels: new Set() },
      ended: () => this.#wake(),
    };
    const { recorder } = this.#parts;
    const gauge = (name: string, help: string, collect: () => number) => ctx.gauge({ name, help, collect });
    gauge("calls_active", "Calls and tunnels under way.", () => this.#underWay);
    gauge("capture_bytes", "Bytes of calls under way held in memory.", () => budget.used);
    gauge("retry_calls", "Calls that wait for the store to recover.", () => recorder.waiting.calls);
    gauge("retry_bytes", "Bytes of calls that wait for the store to recover.", () => recorder.waiting.bytes);
    this.#listen(ctx, settings);
  }

  /** Opens upstreams. `project` is written to each row. @throws {Error} a file of authorities can't be read. */
  async open(project: string | undefined): Promise<void> {
    this.#project = project;
    for (const provider of this.#all()) await provider.upstream.open();
  }

  /** Resolves when no call is under way and none waits for the store, or when `signal` aborts. Ends tunnels. */
  async drain(signal: AbortSignal): Promise<void> {
    const { underWay, recorder } = this.#parts;
    this.#givenUpBefore = this.#givenUp;
    while (this.#underWay > 0 && !signal.aborted) {
      for (const tunnel of [...underWay.tunnels]) tunnel.shutDown();
      if (this.#underWay > 0) await this.#change(signal);
    }
    await recorder.drain(signal);
  }

  /** Closes upstreams; what is under way is aborted. Safe unopened and twice. */
  async close(): Promise<void> {
    for (const tunnel of [...this.#parts.underWay.tunnels]) tunnel.shutDown();
    for (const provider of this.#all()) await provider.upstream.close();
    this.#parts.recorder.close();
  }

  /** What of the calls under way, or waiting for the store, when the stop began has no row. Asked when all is closed. */
  lost(): string[] {
    const { recorder } = this.#parts;
    const calls = this.#underWay + recorder.waiting.calls + this.#givenUp - this.#givenUpBefore;
    if (calls === 0) return [];
    return [
      calls === 1 ? "1 forwarded call could not be stored" : `${calls} forwarded calls could not be stored`,
    ];
  }

  /** How storing fares. */
  health(): Health {
    const { recorder, budget } = this.#parts;
    const health = recorder.health();
    return {
      ...health,
      figures: { ...health.figures, active_calls: this.#underWay, capture_bytes: budget.used },
    };
  }

  get #underWay(): number {
    const { calls, tunnels } = this.#parts.underWay;
    return calls + tunnels.size;
  }

  get #givenUp(): number {
    return Number(this.#parts.recorder.health().figures?.given_up_calls ?? 0);
  }

  #all(): Set<Provider> {
    return new Set([this.#providers.own, ...this.#providers.byName.values()]);
  }

  #listen(ctx: ProxyContext, settings: Settings): void {
    const serve = (name: string, listen: string, provider: Provider) => {
      ctx.serve({
        name,
        listen,
        handler: (request, response) => this.#handle(provider, request, response),
        upgrade: (request, socket, head) => this.#upgrade(provider, request, socket, head),
        // Java's and curl's clients offer h2c with every plain call, bodies included; a proxy may just not take it.
        shouldUpgrade: (request) => request.headers.upgrade?.toLowerCase() !== "h2c",
        announce: (origin) => announcement(name, origin, provider),
      });
    };
    serve("proxy", settings.listen, this.#providers.own);
    for (const provider of this.#providers.byName.values()) {
      if (provider.listen) serve(`proxy ${provider.name}`, provider.listen, provider);
    }
  }

  #handle(provider: Provider, request: IncomingMessage, response: ServerResponse): void {
    const call = this.#prepare(provider, request);
    if ("status" in call) {
      this.#parts.metrics.refused.inc({ reason: call.type });
      refuse(response, call);
      return;
    }
    new Exchange(this.#parts, call, request, response).start();
  }

  #upgrade(provider: Provider, request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    // Whatever is not a change of protocols is an ordinary answer, after which the connection closes.
    response.assignSocket(request.socket);
    response.on("finish", () => request.socket.destroySoon());
    socket.on("error", () => {});
    const call = this.#prepare(provider, request);
    if ("status" in call) {
      this.#parts.metrics.refused.inc({ reason: call.type });
      refuse(response, call);
      return;
    }
    const protocol = request.headers.upgrade ?? "websocket";
    const upgrade = { protocol, socket, head };
    new Exchange(this.#parts, { ...call, hasBody: false, upgrade }, request, response).start();
  }

  /** Reads where a request goes and what its row will say, or why it goes nowhere. */
  #prepare(fallback: Provider, request: IncomingMessage): CallStart | Refusal {
    const { recorder, now, project } = this.#parts;
    const raw = request.url ?? "";
    if (!raw.startsWith("/")) {
      return {
        status: 400,
        type: "bad_target",
        message: `Cannot forward ${
          raw.slice(0, 200)
        }: this is no forward proxy; send a path, as /v1/messages`,
      };
    }
    const refusal = recorder.refusal;
    if (refusal !== undefined) {
      return {
        status: 503,
        type: "storage_unavailable",
        message: `Cannot take calls: they can't be stored (${refusal}); try again later`,
      };
    }
    const route = routeTarget(raw);
    const provider = route.provider === undefined ? fallback : this.#providers.byName.get(route.provider);
    if (!provider) {
      return {
        status: 404,
        type: "unknown_provider",
        message: `Cannot find provider ${route.provider}: it is not configured; known are ${
          [...this.#providers.byName.keys()].join(", ")
        }`,
      };
    }
    const startedAt = now();
    const head = readRequestHead(request.rawHeaders, (header) => this.#fingerprints.of(header));
    return {
      upstream: provider.upstream,
      method: request.method ?? "GET",
      target: route.target,
      headers: head.forward,
      contentLength: head.contentLength,
      hasBody: head.hasBody,
      requestHeaders: head.stored,
      meta: {
        v: 1,
        id: callId(startedAt),
        started_at: startedAt,
        method: request.method ?? "GET",
        target: maskTarget(route.target),
        provider: provider.name,
        provider_type: apiOf(provider, route.target),
        upstream: provider.upstream.name,
      },
      more: {
        agent: head.agent ?? route.agent,
        project: project(),
        ...(head.keyFingerprint && { api_key_fingerprint: head.keyFingerprint }),
        ...(head.claims && this.#trusted.has(request.socket.remoteAddress) ? head.claims : undefined),
      },
    };
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        this.#waiters.delete(done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener("abort", done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiters]) done();
  }
}

function announcement(name: string, origin: string, provider: Provider): string[] {
  if (name !== "proxy") return [`${provider.name}: ${origin} → ${provider.upstream.name}`];
  const variable = {
    openai: `OPENAI_BASE_URL=${origin}/v1`,
    anthropic: `ANTHROPIC_BASE_URL=${origin}`,
    ollama: `OLLAMA_HOST=${origin}`,
    echo: `OPENAI_BASE_URL=${origin}/v1`,
  }[provider.type];
  return [
    `proxy: ${origin} → ${provider.upstream.name} (${provider.name})`,
    `point a client at it: ${variable}`,
    "try it without a key (the echo answers, no model is called):",
    `  curl ${origin}/agents/me/providers/echo/v1/chat/completions -d ` +
    `'{"model":"echo","messages":[{"role":"user","content":"hello"}]}'`,
  ];
}
