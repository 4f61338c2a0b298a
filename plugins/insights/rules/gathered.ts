import type { Transaction } from "capstan";
import { PaneRows } from "./pane_rows.ts";
import { addSample, emptyPane, type Pane } from "./pane.ts";
import { type GroupKey, groupKey, type Place, rowsOf, textOf } from "./place.ts";
import { paneOf, type Rule } from "./rule.ts";
import type { Sample } from "./sample.ts";
import { addSession, type Session } from "./session.ts";
import { SessionRows } from "./session_rows.ts";

interface Entry {
  key: GroupKey;
  /** By where they begin. */
  panes: Map<number, Pane>;
  sessions: readonly Session[];
}

/** What a batch brings, added up before it is written, so that each row is written once. */
export class Gathered {
  readonly #tx: Transaction;
  readonly #place: Place;
  readonly #rules = new Map<Rule, Map<string, Entry>>();

  constructor(tx: Transaction, place: Place) {
    this.#tx = tx;
    this.#place = place;
  }

  /** Adds what an event says to a rule. */
  add(rule: Rule, { tenant, timeMs }: { tenant: string; timeMs: number }, sample: Sample): void {
    const entry = this.#entry(rule, groupKey(tenant, sample));
    if (rule.kind === "silence") {
      const session = { startMs: timeMs, endMs: timeMs, node: sample.node ?? "" };
      entry.sessions = addSession(entry.sessions, session, rule.windowMs);
      return;
    }
    const startMs = paneOf(rule, timeMs);
    const pane = entry.panes.get(startMs) ?? emptyPane();
    entry.panes.set(startMs, pane);
    addSample(pane, rule, { sample, timeMs });
  }

  /** Adds all of it to the rows; nothing is left to be added then. */
  write(): void {
    for (const [rule, entries] of this.#rules) {
      const of = rowsOf(this.#place, rule);
      const panes = new PaneRows(this.#tx, of), sessions = new SessionRows(this.#tx, of);
      for (const entry of entries.values()) {
        for (const [startMs, pane] of entry.panes) panes.add(startMs, entry.key, pane);
        for (const session of entry.sessions) sessions.add(entry.key, session, rule.windowMs);
      }
    }
    this.#rules.clear();
  }

  #entry(rule: Rule, key: GroupKey): Entry {
    const entries = this.#rules.get(rule) ?? new Map<string, Entry>();
    this.#rules.set(rule, entries);
    const entry = entries.get(textOf(key)) ?? { key, panes: new Map(), sessions: [] };
    entries.set(textOf(key), entry);
    return entry;
  }
}
