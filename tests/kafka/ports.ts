/**
 * From here to the first port of `EPHEMERAL` are ports that a system gives nobody by itself: no connection of another
 * test takes one between two starts of a broker, and no client that looks for it meets itself there.
 */
const FIRST = 12_000;
/** Where Linux begins to give ports by itself; others begin later. */
const EPHEMERAL = 32_768;
/** Ports tried for one name before it is given up. */
const TRIES = 1_000;

/** A free port of loopback for each name, the first name's as given where it is. Held until all are known. */
export function freePorts<N extends string>(names: readonly N[], first?: number): Record<N, number> {
  const held: { name: N; listener: Deno.Listener }[] = [];
  try {
    for (const [at, name] of names.entries()) {
      const listener = at === 0 && first !== undefined ? listen(first) : listenSomewhere();
      held.push({ name, listener });
    }
    const ports = held.map(({ name, listener }) => [name, (listener.addr as Deno.NetAddr).port] as const);
    return Object.fromEntries(ports) as Record<N, number>;
  } finally {
    for (const { listener } of held) listener.close();
  }
}

function listen(port: number): Deno.Listener {
  return Deno.listen({ hostname: "127.0.0.1", port });
}

function listenSomewhere(): Deno.Listener {
  for (let left = TRIES;; left--) {
    const port = FIRST + Math.floor(Math.random() * (EPHEMERAL - FIRST));
    try {
      return listen(port);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.AddrInUse) || left === 0) {
        throw new Error(`Cannot find a free port from ${FIRST} to ${EPHEMERAL}: ${port} is not`, { cause });
      }
    }
  }
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
