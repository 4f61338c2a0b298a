/** Free ports of loopback, the first one given where it is. Held until all are known, so that they differ. */
export function freePorts(count: 3, first?: number): [number, number, number] {
  const take = (port: number) => Deno.listen({ hostname: "127.0.0.1", port });
  const held = [take(first ?? 0), ...Array.from({ length: count - 1 }, () => take(0))];
  const ports = held.map((listener) => (listener.addr as Deno.NetAddr).port);
  for (const listener of held) listener.close();
  const [a, b, c] = ports;
  if (a === undefined || b === undefined || c === undefined) throw new RangeError("Cannot find three ports");
  return [a, b, c];
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
