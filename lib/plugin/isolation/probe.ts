import { createGate, waitAtGate } from "./gate.ts";
import { spawn } from "./isolated_worker.ts";
import type { Described, Opening, Tidings, ToWorker } from "./protocol.ts";
import { receiveError } from "./sent_error.ts";

/** Milliseconds a module may take to be imported and set up. */
export const SETUP_MS = 10_000;

/** What is probed. */
export interface ProbeOptions {
  /** URL of the module. */
  module: string;
  permissions: Deno.PermissionOptionsObject;
  opening: Opening;
  tidings: Tidings;
}

/**
 * What a plugin registers, told by a Worker that is set up for it and ended again. The calling thread stands still
 * meanwhile, because `setup` is no promise.
 * @throws what its `setup` throws, what it can't have, or that it took too long.
 */
export function probe({ module, permissions, opening, tidings }: ProbeOptions): Described {
  const gate = createGate();
  const worker = spawn(opening.plugin, permissions);
  worker.onerror = (event) => event.preventDefault();
  try {
    const message: ToWorker = { kind: "open", module, opening, tidings, gate };
    worker.postMessage(message);
    const opened = waitAtGate(gate, SETUP_MS);
    if (opened === undefined) {
      throw new Error(`it was not set up within ${SETUP_MS / 1_000} s; move what takes long to start()`);
    }
    if ("error" in opened) throw receiveError(opened.error);
    return opened.described;
  } finally {
    worker.terminate();
  }
}
