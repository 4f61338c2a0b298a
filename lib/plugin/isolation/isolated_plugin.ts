import type { RetryPolicy } from "../../bus/stream/retry.ts";
import type { DeclaringContext } from "../context.ts";
import type { Plugin, PluginContext, PluginHooks } from "../contract.ts";
import { AgentSide } from "./agent_side.ts";
import { probe, SETUP_MS } from "./probe.ts";
import type { Opening, SentCodec, Tidings } from "./protocol.ts";
import { Supervisor } from "./supervisor.ts";

/** A plugin that runs in a Worker. */
export interface IsolatedPluginOptions extends Pick<Plugin, "name" | "doc" | "config" | "overlaps"> {
  /** URL of its module. */
  module: string;
  permissions: Deno.PermissionOptionsObject;
  /** Milliseconds a handler, route or hook may take. */
  handlerTimeoutMs: number;
  /**
   * Looks at what the module is made of, before each Worker.
   * @throws {Error} it has changed since it was loaded.
   */
  unchanged(): Promise<void>;
  /** 0 ≤ n < 1. Default `Math.random`. */
  random?(): number;
  /** How waits between two starts of its Worker grow. */
  retry?: RetryPolicy;
}

/** The plugin as the agent has any other: what it registers is done here, what it does happens in its Worker. */
export function isolatedPlugin(options: IsolatedPluginOptions): Plugin {
  const { name, doc, config, overlaps } = options;
  return {
    name,
    ...(doc !== undefined && { doc }),
    ...(config && { config }),
    ...(overlaps !== undefined && { overlaps }),
    setup: (ctx, settings) => setUp(options, ctx, { plugin: name, settings, limitMs: SETUP_MS }),
  };
}

function setUp(options: IsolatedPluginOptions, ctx: PluginContext, opening: Opening): PluginHooks {
  const { module, permissions, handlerTimeoutMs, unchanged, random = Math.random, retry } = options;
  const tidings = (): Tidings => ({ now: ctx.now(), storage: storageOf(ctx) });
  const redaction = (key: boolean) => isDeclaring(ctx) ? ctx.redactionData({ key }) : undefined;
  // Setting up must make no files: the key is asked for when the plugin starts.
  const described = probe({
    module,
    permissions,
    opening: { ...opening, redaction: redaction(false) },
    tidings: tidings(),
  });
  const codecs = () => codecsOf(ctx);
  const side = new AgentSide(ctx, codecs);
  const supervisor = new Supervisor({
    module,
    permissions,
    opening,
    redaction: () => redaction(true),
    described,
    handlerTimeoutMs,
    codecs,
    tidings,
    unchanged,
    answer: (name, ask, signal) => side.answer(name, ask, signal),
    hear: (message) => side.hear(message, supervisor),
    restarted: (worker) => side.restarted(worker, tidings),
    log: ctx.log,
    clock: { now: () => ctx.now(), sleep: (ms, signal) => ctx.sleep(ms, signal) },
    random,
    ...(retry && { retry }),
  });
  side.register(described.registrations, supervisor);
  return {
    start: (signal) => supervisor.start(signal),
    ...(described.hooks.drain && {
      drain: async (signal: AbortSignal) => {
        if (supervisor.isUp) await supervisor.call("drain", (ask) => ({ ask }), signal);
      },
    }),
    stop: () => supervisor.stop(),
    lost: () => supervisor.lost,
    health: () => supervisor.health(),
  };
}

/** What may be told to another thread. */
function storageOf(ctx: PluginContext): Tidings["storage"] {
  const { accepting, reason } = ctx.storage();
  return { accepting, ...(reason !== undefined && { reason }) };
}

/** What the values of declared topics are; of all others it is JSON. */
function codecsOf(ctx: PluginContext): (readonly [topic: string, codec: SentCodec])[] {
  return declaredBy(ctx).map(([topic, { codec = "json" }]) => [
    topic,
    typeof codec === "string" ? codec : "foreign",
  ]);
}

function declaredBy(ctx: PluginContext): ReturnType<DeclaringContext["declaredValues"]> {
  return isDeclaring(ctx) ? ctx.declaredValues() : [];
}

function isDeclaring(ctx: PluginContext): ctx is DeclaringContext {
  return "declaredValues" in ctx;
}
