import { errorChain } from "../../telemetry/plain.ts";
import type { HandlerFactory, StateFactory, StreamHandler, StreamState } from "../handler.ts";
import type { WorkerStreamSpec } from "./protocol.ts";

/** What a Worker runs of a stream. */
export interface LoadedHandler {
  handler: StreamHandler;
  /** Of a stream with state. */
  reset?: StreamState["reset"];
}

/**
 * Loads a stream's module and makes its handler.
 * @throws {Error} it can't be loaded, or does not export what the stream needs.
 */
export async function loadHandler(
  { spec, module, options, state }: WorkerStreamSpec,
  ctx: Parameters<HandlerFactory>[0],
): Promise<LoadedHandler> {
  const cannot = `Cannot load the handler of stream ${spec.name}`;
  let loaded: { default?: unknown; state?: unknown };
  try {
    loaded = await import(module);
  } catch (cause) {
    throw new Error(`${cannot}: ${errorChain(cause)}`, { cause });
  }
  const factory = loaded.default;
  if (!isHandlerFactory(factory)) throw new Error(`${cannot}: ${module} has no function as default export`);
  const handler = await factory(ctx, options);
  if (!state) return { handler };
  const stateFactory = loaded.state;
  if (!isStateFactory(stateFactory)) {
    throw new Error(`${cannot}: it keeps state, and ${module} exports no function named state`);
  }
  const made = stateFactory(options);
  return { handler, reset: (tx, partition) => made.reset(tx, partition) };
}

function isHandlerFactory(value: unknown): value is HandlerFactory {
  return typeof value === "function";
}

function isStateFactory(value: unknown): value is StateFactory {
  return typeof value === "function";
}
