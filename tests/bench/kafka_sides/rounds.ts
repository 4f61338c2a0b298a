import process from "node:process";
import { TextLineStream } from "../text_line_stream.ts";

/** What the bench asks of a side, a line of JSON on its standard input. */
export interface RoundRequest {
  /** Topic to write to or to read from the start. */
  topic: string;
  /** Topic for what was transformed. */
  output: string;
  /** Records of this round. */
  records: number;
  /** Bytes of each value that is produced. */
  bytes: number;
}

/** What a round came to, a line of JSON on the side's standard output. */
export interface RoundResult {
  /** Records that lie within `seconds`. */
  records: number;
  seconds: number;
  /** CPU seconds of the whole process, user and system, in that time. */
  cpuSeconds: number;
  /** Milliseconds of each record, where single records were timed. */
  latenciesMs?: number[];
}

/** Takes the time of a round. */
export class StopWatch {
  #cpu = process.cpuUsage();
  #wall = performance.now();

  /** Begins anew. */
  restart(): void {
    this.#cpu = process.cpuUsage();
    this.#wall = performance.now();
  }

  /** What `records` took since the start. */
  stop(records: number): RoundResult {
    const { user, system } = process.cpuUsage(this.#cpu);
    return { records, seconds: (performance.now() - this.#wall) / 1_000, cpuSeconds: (user + system) / 1e6 };
  }
}

/** Counts what a reader gets; the time begins with the first records, behind joining and looking up. */
export class ReadCount {
  readonly #wanted: number;
  #watch: StopWatch | undefined;
  #before = 0;
  #got = 0;

  /** `wanted` records are a round. */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  /** Notes records; `true` when the round is over. */
  add(records: number): boolean {
    this.#got += records;
    if (this.#watch === undefined) {
      this.#watch = new StopWatch();
      this.#before = this.#got;
    }
    return this.#got >= this.#wanted;
  }

  /** What the round came to. */
  result(): RoundResult {
    if (this.#watch === undefined) throw new Error("Cannot tell the round's time: nothing was read");
    return this.#watch.stop(this.#got - this.#before);
  }
}

/** Does rounds as they are asked for, until standard input ends, and ends the process. */
export async function answer(round: (request: RoundRequest) => Promise<RoundResult>): Promise<never> {
  console.log("ready");
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    const request: RoundRequest = JSON.parse(line);
    console.log(JSON.stringify(await round(request)));
  }
  Deno.exit(0);
}

/** Where the broker is: the first argument. */
export const bootstrap = Deno.args[0] ?? "127.0.0.1:9092";

/** How the side works: the second argument. */
export const way = Deno.args[1] ?? "";

/** The work that all transforming sides do to a record's value. */
export function transform(value: Uint8Array): Uint8Array {
  const event: { sequence: number } = JSON.parse(decoder.decode(value));
  return encoder.encode(JSON.stringify({ ...event, doubled: event.sequence * 2 }));
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();
