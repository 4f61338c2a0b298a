/** What is under way in the Worker: a range of offsets of one stream in one partition. */
export interface WorkNote {
  /** Place in the list of the Worker's streams. */
  stream: number;
  /** Place in the list of that stream's topics. */
  topic: number;
  /** Its number in the topic. */
  partition: number;
  /** First offset. */
  from: number;
  /** Last offset. */
  through: number;
}

/** Batches noted at the same time; the streams of a Worker have fewer under way. */
const SLOTS = 64;
const FIELDS = 6;

/**
 * Notes of what is under way, in memory that the Worker shares with its host: a few stores a batch, and the host can read
 * them when the Worker is gone.
 */
export class WorkNotes {
  /** To be given to the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #fields: Float64Array<SharedArrayBuffer>;

  /** Without memory it makes its own. */
  constructor(memory = new SharedArrayBuffer(SLOTS * FIELDS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Float64Array(memory);
  }

  /** Notes work that begins; gives its place, -1 where all are taken and it goes unnoted. */
  begin({ stream, topic, partition, from, through }: WorkNote): number {
    for (let at = 0; at < this.#fields.length; at += FIELDS) {
      if (this.#fields[at] === 1) continue;
      // That it is there is said last.
      this.#fields.set([stream, topic, partition, from, through], at + 1);
      this.#fields[at] = 1;
      return at;
    }
    return -1;
  }

  /** Strikes out what `begin` has noted. */
  end(place: number): void {
    if (place >= 0) this.#fields[place] = 0;
  }

  /** What is under way. */
  read(): WorkNote[] {
    const notes: WorkNote[] = [];
    for (let at = 0; at < this.#fields.length; at += FIELDS) {
      if (this.#fields[at] !== 1) continue;
      const [stream = 0, topic = 0, partition = 0, from = 0, through = 0] = this.#fields.subarray(
        at + 1,
        at + FIELDS,
      );
      notes.push({ stream, topic, partition, from, through });
    }
    return notes;
  }
}
