import type { StreamRecord } from "capstan";
import type { Envelope } from "../events/envelope.ts";
import { NO_TENANT } from "../events/envelope.ts";
import { derivedId } from "../events/event_id.ts";
import type { TurnEvent } from "./turn_event.ts";

/** What an event derived from a turn is made with. */
export interface DerivedEvent<D> {
  /** The topic's type of event: `metrics.turn`. */
  type: string;
  /** Without members that are undefined: see `known`. */
  data: D;
  /** What tells it from others of its type and turn. */
  part?: readonly (string | number)[];
}

/** Outcomes in which no whole answer came of the model. */
const FAILED: ReadonlySet<string> = new Set(["upstream-failed", "upstream-cut", "blocked"]);

/** A recorded turn, as insights are made of it. */
export class SourceTurn {
  readonly #source: string;

  /** `source` is what its events name as theirs. */
  constructor(readonly event: TurnEvent, source: string) {
    this.#source = source;
  }

  /** Whose it is. */
  get tenant(): string {
    return this.event.tenant ?? NO_TENANT;
  }

  /** Milliseconds from one moment of the turn to another; `undefined` where one is unknown. */
  between(from: string | undefined, to: string | undefined): number | undefined {
    if (from === undefined || to === undefined) return undefined;
    return Math.max(0, Math.round((exactMs(to) - exactMs(from)) * 1000) / 1000);
  }

  /** The model that answered, else the one that was asked. */
  get model(): string | undefined {
    return this.event.answer_model || this.event.model;
  }

  /** What the client asked for, where the model that answered has another name. */
  get askedModel(): string | undefined {
    const { model } = this.event;
    return model === this.model ? undefined : model || undefined;
  }

  /** Why the call failed; `undefined` where it did not. */
  get failure(): string | undefined {
    const { outcome, reason, detail, error, status } = this.event;
    const said = messageOf(error);
    if (error !== undefined) return said ?? "error";
    if (status !== undefined && status >= 400) return detail ?? `status ${status}`;
    if (FAILED.has(outcome)) return detail ?? reason ?? outcome;
    return undefined;
  }

  /** Members that say which turn an event is about. Unknown ones are absent. */
  get about() {
    const { id, revision, conversation, session, user, api_key_fingerprint, agent, project, provider } = this
      .event;
    return known({
      turn_id: id,
      revision,
      conversation,
      session,
      user,
      api_key_fingerprint,
      agent,
      project,
      provider,
      model: this.model,
      asked_model: this.askedModel,
    });
  }

  /** An event of this turn's. Its id and time follow from the turn. */
  derive<D extends object>({ type, data, part = [] }: DerivedEvent<D>): Envelope<string, D> {
    const { id, revision, ended_at } = this.event;
    return {
      event_id: derivedId(type, id, revision, ...part),
      event_type: type,
      tenant_id: this.tenant,
      timestamp: ended_at,
      source: this.#source,
      data,
    };
  }
}

/** The turn of a record of `tapes.turns.v1`; `null` for a tombstone. */
export function sourceTurn(record: Pick<StreamRecord, "data">, source: string): SourceTurn | null {
  const event = record.data as TurnEvent | null;
  return event === null ? null : new SourceTurn(event, source);
}

/** An object without its members that are undefined. */
export function known<O extends object>(object: O): O {
  const found: Record<string, unknown> = {};
  // No lists of entries: they would cost as much as the rest of making an event.
  for (const name in object) {
    const value = object[name];
    if (value !== undefined) found[name] = value;
  }
  return found as O;
}

/** Milliseconds since 1970 with the fractions `Date.parse` cuts off. */
function exactMs(time: string): number {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? "";
  return Math.floor(Date.parse(time) / 1000) * 1000 + Number(`0.${fraction || 0}`) * 1000;
}

/** What an error says, in whichever form its provider has it. */
function messageOf(error: unknown): string | undefined {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null) return undefined;
  const { message, type, code, error: inner } = error as Record<string, unknown>;
  for (const each of [message, type, code]) if (typeof each === "string" && each !== "") return each;
  return messageOf(inner);
}
