import type { Progress, ProgressStep } from "./contract.ts";

/** Milliseconds between two drawings. */
const EVERY_MS = 100;
const BAR = 24;

/** One line: `importing [########----------------] 33%  1,000 of 3,000`. */
export function renderProgress({ what, done, total }: ProgressStep, columns: number): string {
  if (total === undefined) return `${what}  ${grouped(done)}`.slice(0, Math.max(0, columns - 1));
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(part * BAR);
  const bar = "#".repeat(filled) + "-".repeat(BAR - filled);
  const line = `${what} [${bar}] ${Math.floor(part * 100)}%  ${grouped(done)} of ${grouped(total)}`;
  return line.slice(0, Math.max(0, columns - 1));
}

/** A bar on a terminal, redrawn in place; silent where the output is none. */
export class ProgressLine implements Progress {
  #drawnAt = -Infinity;
  #drawn = false;

  constructor(
    private readonly output: { write(text: string): Promise<void>; isTerminal: boolean; columns: number },
    private readonly now: () => number = () => performance.now(),
  ) {}

  async show(step: ProgressStep): Promise<void> {
    if (!this.output.isTerminal || this.now() - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = this.now();
    this.#drawn = true;
    await this.output.write(`\r${renderProgress(step, this.output.columns)}\x1b[K`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#drawn) await this.output.write("\r\x1b[K");
    this.#drawn = false;
  }
}

/** A count with its thousands apart: `12,345`. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
