import type { LoadResult } from "./load.ts";
import { type Measured, usage } from "./process.ts";

/** What a load is put on. */
export interface LoadTarget {
  name: string;
  target: Measured;
  path: string;
  headers?: Record<string, string>;
}

/** What is sent: as `load.ts` takes it. */
export interface LoadScenario {
  concurrency: number;
  count: number;
  mode: string;
}

/** What a load gave, with the target's CPU milliseconds for each call. */
export type LoadFigures = LoadResult & { cpuMs: number };

/** Sends a load from a process of its own. */
export async function runLoad(
  { name, target, path, headers }: LoadTarget,
  { concurrency, count, mode }: LoadScenario,
): Promise<LoadFigures> {
  const before = usage(target.pid);
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      new URL("./load.ts", import.meta.url).pathname,
      `http://127.0.0.1:${target.port}`,
      path,
      `${concurrency}`,
      `${count}`,
      mode,
      JSON.stringify(headers ?? {}),
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot load ${name}: the client failed`);
  const result: LoadResult = JSON.parse(new TextDecoder().decode(stdout));
  const after = usage(target.pid);
  return { ...result, cpuMs: ((after.cpuSeconds - before.cpuSeconds) * 1000) / count };
}

/** Waits until all streams of an agent have done what there is. Gives the milliseconds that took. */
export async function allSettled(adminPort: number): Promise<number> {
  const started = performance.now();
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${adminPort}/admin/status`);
    const { streams }: { streams: { lag: number }[] } = await response.json();
    if (streams.every(({ lag }) => lag === 0)) return performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
