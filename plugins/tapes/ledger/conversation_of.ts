import type { Reader } from "capstan";

/** The turn a request continues. */
export interface PreviousTurn {
  conversation: string;
  system_hash: string | null;
  /** How many of the request's first messages that turn's request had. */
  shared: number;
  /** The message behind them repeats that turn's answer. */
  answered: boolean;
}

/** One place where a request may continue an earlier one: behind its first `shared` messages. */
export interface Cut {
  shared: number;
  /** Hash of the last shared message. */
  head: string;
  request_key: number;
  /** `answerKey` of the message that follows, where that is an assistant's. */
  answerKey(): number | null;
}

/** Where to look for the turn that a request continues. */
export interface Search {
  /** Places from the request's end to its beginning; asked for as far as needed. */
  cut(at: number): Cut | undefined;
  tenant: string | null;
  user: string | null;
  agent: string | null;
  /** Turns from this id on don't count. */
  before: number;
}

interface Candidate {
  id: number;
  conversation: string;
  system_hash: string | null;
}

/** Turns with one request head that are looked at when none gave the answer that follows. */
const CANDIDATES = 64;
/** Turns of a session that are looked at for what the request shares with them. */
const SESSION_TURNS = 64;
/** Places from the end that are looked at one by one: a request mostly adds an answer and a message to the last one. */
const NEAR = 3;
/** Places behind them are asked for in one statement; each further one takes eight times as many. */
const FAR = 32;

const PROBE = `SELECT j.key AS at FROM json_each(?) j
  WHERE EXISTS (SELECT 1 FROM turns WHERE request_key = j.value) ORDER BY j.key`;
const SCOPE = "request_head = ? AND tenant IS ? AND user IS ? AND agent IS ? AND id < ?";
const ANSWERED = `SELECT id, conversation, system_hash FROM turns
  WHERE request_key = ? AND answer_key = ? AND ${SCOPE} ORDER BY id DESC LIMIT 1`;
const ANY = `SELECT max(id) AS id, conversation, system_hash FROM (
  SELECT id, conversation, system_hash FROM turns WHERE request_key = ? AND ${SCOPE} LIMIT ${CANDIDATES})`;

/**
 * The turn whose recorded request this one extends, the longest first; among several with the same request the newest
 * whose answer is the message that follows. The number of statements grows with the messages that no turn had before,
 * and only logarithmically.
 */
export function findPrevious(db: Reader, search: Search): PreviousTurn | undefined {
  for (let at = 0; at < NEAR; at++) {
    const cut = search.cut(at);
    if (cut === undefined) return undefined;
    const found = findAt(db, search, cut);
    if (found !== undefined) return found;
  }
  for (let from = NEAR, size = FAR;; from += size, size *= 8) {
    const cuts: Cut[] = [];
    for (let at = from; at < from + size; at++) {
      const cut = search.cut(at);
      if (cut === undefined) break;
      cuts.push(cut);
    }
    if (cuts.length === 0) return undefined;
    const hits = db.all<{ at: number }>(PROBE, JSON.stringify(cuts.map((cut) => cut.request_key)));
    for (const { at } of hits) {
      const cut = cuts[at];
      const found = cut && findAt(db, search, cut);
      if (found !== undefined) return found;
    }
    if (cuts.length < size) return undefined;
  }
}

function findAt(db: Reader, search: Search, cut: Cut): PreviousTurn | undefined {
  const scope = [cut.head, search.tenant, search.user, search.agent, search.before] as const;
  const answer = cut.answerKey();
  if (answer !== null) {
    const turn = db.get<Candidate>(ANSWERED, cut.request_key, answer, ...scope);
    if (turn !== undefined) return { ...turn, shared: cut.shared, answered: true };
  }
  const turn = db.get<Candidate | { id: null }>(ANY, cut.request_key, ...scope);
  if (turn === undefined || turn.id === null) return undefined;
  return { ...turn, shared: cut.shared, answered: false };
}

/** The turn of a session that shares most with a request, among its newest. */
export function findInSession(
  db: Reader,
  search: Search & { session: string },
): PreviousTurn | undefined {
  const turns = db.all<Candidate & { request_head: string | null; answer_key: number | null }>(
    `SELECT id, conversation, system_hash, request_head, answer_key FROM turns
     WHERE conversation = ? AND tenant IS ? AND id < ? ORDER BY id DESC LIMIT ${SESSION_TURNS}`,
    search.session,
    search.tenant,
    search.before,
  );
  if (turns.length === 0) return undefined;
  const heads = new Set(turns.map((turn) => turn.request_head));
  for (let at = 0;; at++) {
    const cut = search.cut(at);
    if (cut === undefined) break;
    if (!heads.has(cut.head)) continue;
    const same = turns.filter((turn) => turn.request_head === cut.head);
    const answer = cut.answerKey();
    const answered = same.find((turn) => answer !== null && turn.answer_key === answer);
    const turn = answered ?? same[0];
    if (turn !== undefined) return { ...turn, shared: cut.shared, answered: answered !== undefined };
  }
  const [newest] = turns;
  return newest && { ...newest, shared: 0, answered: false };
}

/** A recorded answer of the Responses API. */
export interface RecordedResponse {
  conversation: string;
  system_hash: string | null;
  head_hash: string;
  root_hash: string;
}

/** The newest turn that gave the response of this id. */
export function findResponse(
  db: Reader,
  response: { id: string; tenant: string | null; before: number },
): RecordedResponse | undefined {
  return db.get<RecordedResponse>(
    `SELECT conversation, system_hash, head_hash, root_hash FROM turns
     WHERE response_id = ? AND endpoint = 'responses' AND tenant IS ? AND id < ? AND head_hash IS NOT NULL
     ORDER BY id DESC LIMIT 1`,
    response.id,
    response.tenant,
    response.before,
  );
}
