/** A free port of loopback for each name, the first name's as given where it is. Held until all are known. */
export function freePorts<N extends string>(names: readonly N[], first?: number): Record<N, number> {
  const take = (port: number) => Deno.listen({ hostname: "127.0.0.1", port });
  const held = names.map((name, at) => ({ name, listener: take(at === 0 ? first ?? 0 : 0) }));
  const ports = held.map(({ name, listener }) => [name, (listener.addr as Deno.NetAddr).port] as const);
  for (const { listener } of held) listener.close();
  return Object.fromEntries(ports) as Record<N, number>;
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
      if (performance.now() > until) throw new Error(`Nothing listens on port ${port} in time`);
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
