import { clearInterval, setInterval } from "node:timers";
import {
  type Assignment,
  type CommitOptions,
  FencedError,
  type OpenOptions,
  type Position,
} from "../contract.ts";
import type { ReceiveOptions, RecordBatch, Subscription } from "../contract.ts";
import type { LocalContext } from "./context.ts";
import { type Cursor, LocalCursors } from "./cursors.ts";
import {
  generationOf,
  type GroupView,
  joinGroup,
  leaveGroup,
  type Membership,
  pulseOf,
  releasePartitions,
  renewLease,
} from "./groups.ts";
import { commitOffset } from "./offsets.ts";
import { receiveBatch } from "./receive.ts";
import { Rest } from "./rest.ts";

/** How a member is opened. */
export interface MemberOptions extends OpenOptions {
  /** The group it joins. */
  group: string;
  /** Called once it is closed. */
  onClosed(member: LocalMember): void;
}

/** Keep a lease this fresh, as a part of its length: below it is renewed. */
const RENEW_BELOW = 0.6;

/** A member of a consumer group. Its partitions are leased in the file, so members may be in several processes. */
export class LocalMember implements Subscription {
  readonly #context: LocalContext;
  readonly #options: MemberOptions;
  readonly #membership: Membership;
  readonly #topics: ReadonlySet<string>;
  readonly #cursors: LocalCursors;
  /** Ids of the partitions' rows. */
  readonly #ids = new Map<Cursor, number>();
  readonly #closing = new AbortController();
  /** Waits after a look that failed. */
  readonly #rest: Rest;
  #generation = -1;
  /** The generation that was looked at last, adopted or not. */
  #seen = -1;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  /** The look at the group under way, and whether another must follow it. */
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #closed: Promise<void> | undefined;

  /** Use `LocalMember.join`. */
  private constructor(context: LocalContext, options: MemberOptions) {
    this.#context = context;
    this.#options = options;
    this.#topics = new Set(options.topics);
    this.#cursors = new LocalCursors(context.records, context.catalog);
    this.#rest = new Rest(context.now, context.random);
    this.#membership = {
      group: options.group,
      member: `${context.owner}/${crypto.randomUUID().slice(0, 8)}`,
      topics: [...this.#topics],
      from: options.from,
      leaseMs: context.leaseMs,
      together: options.together,
    };
  }

  /**
   * Joins the group. Partitions come right after it resolves.
   * @throws {RangeError} a topic does not exist.
   * @throws {StoreError} the file can't be written.
   */
  static async join(context: LocalContext, options: MemberOptions): Promise<LocalMember> {
    const member = new LocalMember(context, options);
    context.store.read((db) => {
      for (const topic of member.#topics) context.catalog.get(db, topic, "read");
    });
    member.#track(await member.#join());
    member.#heartbeat = setInterval(() => member.#beat(), context.heartbeatMs);
    return member;
  }

  /** The group's name. */
  get group(): string {
    return this.#membership.group;
  }

  /** See `Subscription`. */
  receive(
    options: ReceiveOptions,
  ): Promise<RecordBatch | null> {
    const { store, wakeups } = this.#context;
    return receiveBatch({
      wakeups,
      topics: this.#topics,
      waitMs: options.waitMs,
      signal: options.signal,
      closed: this.#closing.signal,
      look: () =>
        store.read((db) => {
          if (generationOf(db, this.group) !== this.#generation) this.look();
          return this.#cursors.take(db, options, ({ topic, partition }, gap) => {
            this.#context.gap({ group: this.group, topic, partition, ...gap });
          });
        }),
    });
  }

  /** See `Subscription`. */
  async commit({ through, outputs, write }: CommitOptions): Promise<void> {
    const { topic, partition, offset } = through;
    const cursor = this.#cursors.get(topic, partition);
    const id = cursor && this.#ids.get(cursor);
    if (!cursor || id === undefined) throw this.#fenced(through);
    const { epoch } = cursor;
    const { store, now } = this.#context;
    await store.write((tx) => {
      const { member } = this.#membership;
      if (!commitOffset(tx, this.group, { id, member, epoch }, offset + 1, now())) {
        this.look();
        throw this.#fenced(through);
      }
      const returned = write?.(tx) ?? [];
      this.#context.append(tx, outputs ? [...outputs, ...returned] : returned);
    });
  }

  /** See `Subscription`. */
  seek(position: Position): void {
    this.#cursors.seek(position);
  }

  /** See `Subscription`. */
  position({ topic, partition }: { topic: string; partition: number }): number | null {
    return this.#cursors.get(topic, partition)?.next ?? null;
  }

  /** See `Subscription`. */
  assigned(): readonly { topic: string; partition: number }[] {
    return this.#cursors.list().map(({ topic, partition }) => ({ topic, partition }));
  }

  /**
   * Looks at the group, renews the lease, and takes and gives partitions. One look at a time; after one that failed not
   * at once again.
   */
  look(): void {
    if (this.#closing.signal.aborted || this.#resting) return;
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#track(this.#join());
  }

  /** Gives its partitions up and leaves the group; another member may take over at once. Safe twice. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#leave();
    return this.#closed;
  }

  /** Adopts what a look gives; `#looking` is set meanwhile. */
  #track(view: GroupView | Promise<GroupView>): void {
    this.#lookAgain = false;
    this.#looking = (async () => {
      try {
        await this.#adopt(await view);
        this.#rest.end();
      } catch (error) {
        this.#report(error);
        this.#rest.begin(this.#seen);
      } finally {
        this.#looking = undefined;
      }
      if (this.#lookAgain) this.look();
    })();
  }

  #join(): Promise<GroupView> {
    const { store, now } = this.#context;
    return store.write((tx) => {
      const view = joinGroup(tx, this.#membership, now());
      if (view.generation !== this.#generation) this.#context.groupTouched(this.group);
      return view;
    });
  }

  /** Brings the cursors in line with what this member owns. What it could not finish it does at the next look. */
  async #adopt({ generation, owned, surplus }: GroupView): Promise<void> {
    this.#seen = generation;
    const epochs = new Map(owned.map(({ id, epoch }) => [id, epoch]));
    const lost = this.#cursors.list().filter((cursor) => epochs.get(this.#idOf(cursor)) !== cursor.epoch);
    for (const cursor of lost) this.#drop(cursor);
    const revoked = this.#cursors.list().filter((cursor) => surplus.includes(this.#idOf(cursor)));
    // No record of these is given any more, but what was given may still be committed in `onRevoked`.
    for (const cursor of revoked) cursor.ready = false;
    await this.#revoke([...lost, ...revoked]);
    for (const cursor of revoked) this.#drop(cursor);
    if (surplus.length > 0) {
      await this.#context.store.write((tx) => {
        releasePartitions(tx, this.#membership, surplus);
        this.#context.groupTouched(this.group);
      });
      this.#lookAgain = true;
    }
    for (const { id, topic, partition, epoch, position, committed } of owned) {
      if (surplus.includes(id) || this.#cursors.get(topic, partition)) continue;
      const cursor: Cursor = { topic, partition, next: position, ready: false, epoch, committed };
      this.#cursors.add(cursor);
      this.#ids.set(cursor, id);
    }
    const gained = this.#cursors.list().filter((cursor) => !cursor.ready);
    if (gained.length > 0) {
      await this.#options.onAssigned?.(gained.map(assignmentOf));
      for (const cursor of gained) cursor.ready = true;
      this.#context.wakeups.wake(this.#topics);
    }
    this.#generation = generation;
  }

  /** A callback that fails must not keep the partitions from the others. */
  async #revoke(cursors: readonly Cursor[]): Promise<void> {
    if (cursors.length === 0) return;
    try {
      await this.#options.onRevoked?.(cursors.map(nameOf));
    } catch (error) {
      this.#report(error);
    }
  }

  get #resting(): boolean {
    return this.#rest.holds(() => this.#context.store.read((db) => generationOf(db, this.group)));
  }

  #idOf(cursor: Cursor): number {
    return this.#ids.get(cursor) ?? -1;
  }

  #drop(cursor: Cursor): void {
    this.#cursors.remove(cursor);
    this.#ids.delete(cursor);
  }

  /** Between looks it only reads, so that an idle agent does not write to its disk every second. */
  #beat(): void {
    try {
      const { store, now, leaseMs } = this.#context;
      const pulse = store.read((db) => pulseOf(db, this.#membership, now()));
      const stale = pulse.leaseLeft < leaseMs * RENEW_BELOW;
      if (stale && (this.#looking || this.#resting)) {
        // A callback of the look under way takes long, or failed.
        store.write((tx) => renewLease(tx, this.#membership, now())).catch((error) => this.#report(error));
      } else if (stale || pulse.expired > 0 || pulse.generation !== this.#generation) this.look();
    } catch (error) {
      this.#report(error);
    }
  }

  async #leave(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#closing.abort();
    await this.#looking;
    const cursors = this.#cursors.list();
    try {
      await this.#revoke(cursors);
      await this.#context.store.write((tx) => {
        leaveGroup(tx, this.#membership);
        this.#context.groupTouched(this.group);
      });
    } finally {
      for (const cursor of cursors) this.#drop(cursor);
      this.#options.onClosed(this);
    }
  }

  #fenced({ topic, partition, offset }: Position): FencedError {
    return new FencedError(
      `Cannot commit ${topic}/${partition} at ${offset} for group ${this.group}: another member has the partition ` +
        "now; it does the work",
    );
  }

  #report(error: unknown): void {
    this.#context.log?.warn("a member could not look at its group and tries again", {
      group: this.group,
      error,
    });
  }
}

function assignmentOf({ topic, partition, committed, next }: Cursor): Assignment {
  return { topic, partition, committed, position: next };
}

function nameOf({ topic, partition }: Cursor): { topic: string; partition: number } {
  return { topic, partition };
}
