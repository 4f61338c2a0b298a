import type { RecordBatch } from "../contract.ts";
import type { StreamSpec } from "../stream/stream_options.ts";
import type { Deaths, WorkWatch } from "../stream/watch.ts";
import { Alone } from "./alone.ts";
import { afterCommit, type CommittedRange, type Suspect, within, type WorkRange } from "./suspects.ts";
import type { WorkNotes } from "./work_notes.ts";

/** What watching needs. */
export interface WatchOptions {
  /** For the host. */
  notes: WorkNotes;
  /** What was under way at earlier deaths. */
  suspects: readonly Suspect[];
  /** Told of what is committed while there are suspects. */
  onSettled(range: CommittedRange): void;
}

/** Watches over the streams of one Worker. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #turns = new Alone();
  #suspects: readonly Suspect[];

  /** One for all streams of the Worker. */
  constructor(options: WatchOptions) {
    this.#options = options;
    this.#suspects = options.suspects;
  }

  /** The watch over one stream, which stands at `place` in the Worker's list. */
  over(spec: Pick<StreamSpec, "name" | "topics">, place: number): WorkWatch {
    const rangeOf = (batch: RecordBatch) => range(spec.name, batch);
    return {
      parts: (batch) => this.#parts(spec.name, batch),
      deaths: (batch) => this.#deaths(rangeOf(batch)),
      run: async (batch, signals, work) => {
        const { topic, partition, from, through } = rangeOf(batch);
        const leave = await this.#turns.enter(this.#suspected(rangeOf(batch)), signals);
        const noted = { stream: place, topic: spec.topics.indexOf(topic), partition, from, through };
        const note = this.#options.notes.begin(noted);
        try {
          return await work();
        } finally {
          this.#options.notes.end(note);
          leave();
        }
      },
      settled: (batch, how) => this.#settled({ ...rangeOf(batch), how }),
    };
  }

  #suspected(work: WorkRange): boolean {
    return this.#suspects.some((suspect) => within(work, suspect));
  }

  #deaths(work: WorkRange): Deaths {
    const same = this.#suspects.filter((each) => within(each, work) && within(work, each));
    const [suspect] = same.toSorted((a, b) => b.deaths - a.deaths);
    if (suspect === undefined || suspect.deaths === 0) return { count: 0 };
    const times = suspect.deaths === 1 ? "" : `; it died ${suspect.deaths} times over it`;
    return {
      count: suspect.deaths,
      cause: new Error(`the background worker died while this was handled: ${suspect.reason}${times}`),
    };
  }

  /** The outermost suspects of a batch, and what lies between them. */
  #parts(stream: string, batch: RecordBatch): RecordBatch[] {
    const whole = range(stream, batch);
    const here = this.#suspects.filter((each) =>
      each.stream === stream && each.topic === whole.topic && each.partition === whole.partition
    );
    if (here.length === 0) return [batch];
    const outer = here.filter((each, at) =>
      !here.some((other, its) => within(each, other) && !(within(other, each) && its >= at))
    );
    const parts = Map.groupBy(
      batch.records,
      ({ offset }) =>
        outer.find(({ from, through }) => offset >= from && offset <= through) ?? gapAt(outer, offset),
    );
    return [...parts.values()].map((records) => ({ ...batch, records }));
  }

  #settled(work: CommittedRange): void {
    if (this.#suspects.length === 0) return;
    this.#suspects = afterCommit(this.#suspects, work);
    this.#options.onSettled(work);
  }
}

function range(stream: string, { topic, partition, records }: RecordBatch): WorkRange {
  return { stream, topic, partition, from: records[0]?.offset ?? 0, through: records.at(-1)?.offset ?? -1 };
}

/** Names the gap between suspects that an offset lies in: by how many lie before it. */
function gapAt(suspects: readonly Suspect[], offset: number): number {
  return suspects.filter(({ through }) => through < offset).length;
}
