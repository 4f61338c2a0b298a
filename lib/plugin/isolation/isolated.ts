/// <reference lib="deno.worker" />
import process from "node:process";
import { NO_REDACTION } from "../../bus/no_redaction.ts";
import { AgentRedaction } from "../../redact/agent_redaction.ts";
import { isPlugin, pluginProblems } from "../plugin_problems.ts";
import { passGate } from "./gate.ts";
import type { Exported, FromWorker, Opened, ToWorker } from "./protocol.ts";
import { sendError } from "./sent_error.ts";
import { timedCalls } from "./timed.ts";
import { WorkerSession } from "./worker_session.ts";

/** Entry of the Worker: turns messages into calls, and whatever nobody catches into a last message. */
const post = (message: FromWorker, transfer: ArrayBuffer[] = []) => self.postMessage(message, transfer);
const dying = (error: unknown) => post({ kind: "dying", error: sendError(error) });
const timed = timedCalls();
const life: { session?: WorkerSession; limitMs: number } = { limitMs: Infinity };

self.addEventListener("error", (event) => {
  event.preventDefault();
  dying(event.error ?? new Error(event.message));
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  dying(event.reason);
});
// A Worker that ends itself does so without a word to anybody.
const leave = () => dying(new Error("it ended itself; a plugin goes on until the agent stops"));
Object.defineProperty(self, "close", { value: leave });
Object.defineProperty(Deno, "exit", { value: leave });
Object.defineProperty(process, "exit", { value: leave });

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "import") void tellExport(data.module);
  else if (data.kind === "open") void open(data);
  else if (data.kind === "run") {
    life.limitMs = data.limitMs;
    life.session?.run(data.codecs);
  } else if (data.kind === "tidings") life.session?.hear(data.tidings);
  else {
    try {
      timed(() => life.session?.calls.take(data), life.limitMs);
    } catch (error) {
      dying(error);
    }
  }
};

async function tellExport(url: string): Promise<void> {
  let module: { default?: unknown };
  try {
    module = await import(url);
  } catch (error) {
    post({ kind: "unimportable", error: sendError(error) });
    return;
  }
  try {
    post({ kind: "imported", exported: exportedOf(module.default) });
  } catch (error) {
    post({ kind: "dying", error: sendError(error) });
  }
}

function exportedOf(plugin: unknown): Exported {
  if (typeof plugin !== "object" || plugin === null) return { plugin: undefined, setup: false };
  const { setup, ...data } = { ...plugin, setup: "setup" in plugin ? plugin.setup : undefined };
  return { plugin: data, setup: typeof setup === "function" };
}

async function open({ module, opening, tidings, gate }: Extract<ToWorker, { kind: "open" }>) {
  let opened: Opened;
  try {
    const { default: plugin }: { default?: unknown } = await import(module);
    if (!isPlugin(plugin)) throw new TypeError(pluginProblems(plugin).join("; "));
    const redact = opening.redaction ? await AgentRedaction.in(opening.redaction) : NO_REDACTION;
    const session = life.session = new WorkerSession(opening, tidings, post, redact);
    const result: { described?: Opened } = {};
    timed(() => void (result.described = { described: session.setUp(plugin) }), opening.limitMs);
    opened = result.described ?? { error: { text: "setup did not end" } };
  } catch (error) {
    opened = { error: sendError(error) };
  }
  answer(opened, gate);
}

function answer(opened: Opened, gate: SharedArrayBuffer | undefined): void {
  const send = (what: Opened) => gate ? passGate(gate, what) : post({ kind: "opened", opened: what });
  try {
    send(opened);
  } catch (cause) {
    const message = "what it registers is not plain data; give options without functions";
    send({ error: sendError(new TypeError(message, { cause })) });
  }
}
