import type { Damage } from "./damage.ts";
import { MOST_DAMAGES } from "./report.ts";

/** Gathers what is wrong: each thing once, and no more than a report takes. */
export class Damages {
  readonly #seen = new Set<string>();
  readonly #kept: Damage[] = [];
  #count = 0;

  /** How much there is. */
  get count(): number {
    return this.#count;
  }

  add(damage: Damage): void {
    const { kind, writer, seq, why } = damage;
    const same = seq === undefined ? `${kind}/${writer}/${why}` : `${kind}/${writer}/${seq}`;
    if (this.#seen.has(same)) return;
    this.#count++;
    if (this.#kept.length >= MOST_DAMAGES * 10) return;
    this.#seen.add(same);
    this.#kept.push(damage);
  }

  /** Whether something of that kind is known of a record. */
  has(kind: Damage["kind"], writer: string, seq: number): boolean {
    return this.#seen.has(`${kind}/${writer}/${seq}`);
  }

  /** Whether something of these kinds is known of a record from `from` to `to` - 1. */
  within(kinds: readonly Damage["kind"][], writer: string, from: number, to: number): boolean {
    return this.#kept.some(({ kind, writer: whose, seq = -1 }) =>
      whose === writer && seq >= from && seq < to && kinds.includes(kind)
    );
  }

  /** The lowest numbers first; of one number the record itself before what stands beside it. */
  list(): Damage[] {
    const at = ({ seq = Infinity }: Damage) => seq;
    const beside = ({ kind }: Damage) => kind === "index" || kind === "tree" ? 1 : 0;
    const sorted = [...this.#kept].sort((one, other) =>
      order(at(one), at(other)) || beside(one) - beside(other)
    );
    return sorted.slice(0, MOST_DAMAGES);
  }
}

function order(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
