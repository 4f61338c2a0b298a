import fs from "node:fs";
import process from "node:process";
import type { Plugin, PluginContext } from "../plugin/contract.ts";

/** Names of `globalThis` that begin something. */
const GLOBALS = ["fetch", "setTimeout", "setInterval", "WebSocket", "EventSource", "Worker"];
/** What of the runtime does no I/O. */
const HARMLESS = new Set([
  "env",
  "inspect",
  "test",
  "bench",
  "errors",
  "permissions",
  "internal",
  "telemetry",
]);

/** What begins work while it is caught: plain names, each once. */
export interface CaughtIo extends Disposable {
  readonly caught: ReadonlySet<string>;
}

/**
 * Catches I/O until it is disposed of, as far as it can be seen: that of `Deno`, `fetch`, sockets, timers, and of `fs`
 * where the whole module was imported. It is told, and done all the same.
 */
export function catchIo(): CaughtIo {
  const caught = new Set<string>();
  const restore: (() => void)[] = [];
  const trap = (holder: object, owner: string, names: readonly string[]) => {
    for (const name of names) {
      const before = Object.getOwnPropertyDescriptor(holder, name);
      // Some are made when they are first asked for.
      const value: unknown = before && Reflect.get(holder, name);
      if (!before?.configurable || typeof value !== "function") continue;
      const watching = told(value, () => caught.add(`${owner}${name}`));
      Object.defineProperty(holder, name, { configurable: true, writable: true, value: watching });
      restore.push(() => Object.defineProperty(holder, name, before));
    }
  };
  trap(globalThis, "", GLOBALS);
  if (typeof Deno === "object") {
    trap(Deno, "Deno.", Object.keys(Deno).filter((name) => /^[a-z]/.test(name) && !HARMLESS.has(name)));
    trap(Deno, "Deno.", ["Command"]);
  }
  trap(fs, "fs.", Object.keys(fs).filter((name) => /^[a-z]/.test(name)));
  trap(process, "process.", ["chdir", "exit", "on", "once"]);
  return {
    caught,
    [Symbol.dispose]() {
      for (const undo of restore.reverse()) undo();
    },
  };
}

function told(value: object, tell: () => void): unknown {
  return new Proxy(value as (...given: unknown[]) => unknown, {
    apply(target, self, given) {
      tell();
      return Reflect.apply(target, self, given);
    },
    construct(target, given, self) {
      tell();
      return Reflect.construct(target, given, self);
    },
  });
}

/** The plugin, with what its `setup` calls that works only from `start` on told to `early`. */
export function earlyCalls(plugin: Plugin, early: Set<string>): Plugin {
  return { ...plugin, setup: (ctx, config) => plugin.setup(earlyContext(ctx, early), config) };
}

function earlyContext(ctx: PluginContext, early: Set<string>): PluginContext {
  const refused = (what: string) => {
    early.add(what);
    return Promise.reject(new Error(`Cannot call ${what} in setup: do it from start on`));
  };
  // Who does not wait for it must not end the test run.
  const quietly = (what: string) => {
    const promise = refused(what);
    promise.catch(() => undefined);
    return promise;
  };
  return {
    ...ctx,
    append: () => quietly("ctx.append()"),
    sleep: () => quietly("ctx.sleep()"),
    producer: (topic) => ({ ...ctx.producer(topic), send: () => quietly(`the producer of ${topic}`) }),
    store: (migrations) => ({
      ...ctx.store(migrations),
      write: () => quietly("store.write()"),
      read: () => {
        early.add("store.read()");
        throw new Error("Cannot call store.read() in setup: do it from start on");
      },
    }),
    stream: (options, handler) => ({
      ...ctx.stream(options, handler),
      caughtUp: () => quietly("caughtUp() of a stream"),
      lag: () => quietly("lag() of a stream"),
      pause() {},
      resume() {},
    }),
  };
}
