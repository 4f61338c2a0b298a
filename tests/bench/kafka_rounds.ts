import type { RoundRequest, RoundResult } from "./kafka_sides/rounds.ts";
import { RunningSide, type Side } from "./kafka_side.ts";
import { median, short } from "./table.ts";

/** A side and what its rounds came to. */
export interface Measured {
  side: Side;
  rounds: RoundResult[];
}

/** What is measured. */
export interface Measurement {
  bootstrap: string;
  sides: readonly Side[];
  rounds: number;
  request: RoundRequest;
}

/** Rounds until the just-in-time compilers have seen enough. */
const WARM_UP = 2;

/**
 * Every side does a round, then every side the next, in an order that turns; the first two warm up and do not
 * count. Rounds are short, so that what else the machine does meets all sides alike. A side that fails is left out, with a line that says so.
 */
export async function measure({ bootstrap, sides, rounds, request }: Measurement): Promise<Measured[]> {
  await using stack = new AsyncDisposableStack();
  const running = new Map<Side, RunningSide>();
  const results = new Map<Side, RoundResult[]>();
  for (const side of sides) {
    await leavingOut(side, async () => {
      running.set(side, stack.use(await RunningSide.start(side, bootstrap)));
      results.set(side, []);
    });
  }
  for (let round = 0; round < WARM_UP + rounds; round++) {
    const at = round % sides.length;
    for (const side of [...sides.slice(at), ...sides.slice(0, at)]) {
      const records = Math.max(1, Math.round(request.records * (side.share ?? 1)));
      const failed = await leavingOut(side, async () => {
        const result = await running.get(side)?.round({ ...request, records });
        if (result && round >= WARM_UP) results.get(side)?.push(result);
      });
      if (failed) {
        running.delete(side);
        results.delete(side);
      }
    }
  }
  return [...results].map(([side, rounds]) => ({ side, rounds }));
}

/** The best raw client's results, by median. */
export function bar(measured: readonly Measured[], value: (result: RoundResult) => number): Measured {
  const [best] = measured.filter(({ side }) => side.kind === "raw").toSorted((a, b) =>
    median(b.rounds.map(value)) - median(a.rounds.map(value))
  );
  if (best === undefined) throw new Error("Cannot compare: the raw client was not measured");
  return best;
}

/** Records a second. */
export function rate({ records, seconds }: RoundResult): number {
  return records / seconds;
}

/** Median of the ratios, round by round. */
export function ratio(mine: Measured, other: Measured, value: (result: RoundResult) => number): number {
  const pairs = mine.rounds.flatMap((result, at) => {
    const against = other.rounds[at];
    return against ? [value(result) / value(against)] : [];
  });
  return median(pairs);
}

/** Cells for rate, ratio to the bar and CPU. */
export function rateCells(each: Measured, against: Measured): string[] {
  return [
    short(median(each.rounds.map(rate)) / 1_000),
    short(ratio(each, against, rate)),
    short(median(each.rounds.map(({ cpuSeconds, records }) => cpuSeconds / records)) * 1e6),
  ];
}

/** `met` or `not met`, beside what was asked. */
export function verdict(met: boolean, target: string): string {
  return `${target}: ${met ? "met" : "not met"}`;
}

async function leavingOut(side: Side, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    console.log(`${side.name} is left out: ${error instanceof Error ? error.message : error}`);
    return true;
  }
}
