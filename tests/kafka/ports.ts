/**
 * From here to `EPHEMERAL` are ports that a system gives nobody by itself: no connection of another test takes one
 * between two starts of a broker, and no client that looks for it meets itself there.
 */
const FIRST = 12_000;
/** Where Linux begins to give ports by itself; others begin later. */
const EPHEMERAL = 32_768;
/** Ports of a block: one that is held for as long as the others are in use, and those. */
const BLOCK = 8;
/** Blocks that are tried. */
const TRIES = 1_000;

/** Ports that nobody else claims until it is disposed of. */
export interface Claim<N extends string> extends Disposable {
  readonly ports: Record<N, number>;
}

/**
 * Claims a free port of loopback for each name, at most seven, from a block of ports of which the first is listened to
 * meanwhile: other tests, in other processes, find it taken and go elsewhere, even while nobody listens on the others.
 */
export function claimPorts<N extends string>(names: readonly N[]): Claim<N> {
  if (names.length >= BLOCK) throw new RangeError(`Cannot claim ${names.length} ports: at most ${BLOCK - 1}`);
  for (let left = TRIES; left > 0; left--) {
    const start = FIRST + BLOCK * Math.floor(Math.random() * Math.floor((EPHEMERAL - FIRST) / BLOCK));
    const guard = listen(start);
    if (guard === undefined) continue;
    const found = names.map((name, at) => ({ name, port: start + 1 + at }));
    if (found.every(({ port }) => isFree(port))) {
      const ports = Object.fromEntries(found.map(({ name, port }) => [name, port])) as Record<N, number>;
      return { ports, [Symbol.dispose]: () => guard.close() };
    }
    guard.close();
  }
  throw new Error(`Cannot find ${names.length} free ports from ${FIRST} to ${EPHEMERAL}`);
}

/** `undefined`: somebody listens there. */
function listen(port: number): Deno.Listener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}

/** Whether nobody listens there now. */
export function isFree(port: number): boolean {
  const listener = listen(port);
  listener?.close();
  return listener !== undefined;
}

/**
 * Resolves when something accepts connections on every port.
 * @throws {Error} `gaveUp` said so, or the time was over.
 */
export async function listening(
  ports: readonly number[],
  options: { gaveUp(): boolean; withinMs: number },
): Promise<void> {
  const until = performance.now() + options.withinMs;
  for (const port of ports) {
    while (!await accepts(port)) {
      if (options.gaveUp()) throw new Error(`Nothing will listen on port ${port}: the process has ended`);
      if (performance.now() > until) {
        throw new Error(`Nothing listens on port ${port} within ${options.withinMs / 1_000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
