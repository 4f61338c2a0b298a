import type { Reader } from "capstan";
import {
  type Cut,
  findInSession,
  findPrevious,
  findResponse,
  type PreviousTurn,
  type Search,
} from "../ledger/conversation_of.ts";
import type { TurnRequest } from "../turn.ts";
import type { Chain } from "./chain.ts";
import { answerKey, requestKey, scopeKey } from "./continuation.ts";
import { type PreparedCall, requestOf, userOf } from "./prepare_call.ts";
import type { Place } from "./turn_row.ts";

/** A call's place, and what its event needs to know of the turn before. */
export interface Placed extends Place {
  /** System prompt of the turn before; `undefined` where there is none. */
  systemBefore: string | null | undefined;
}

/** Places where a request may continue an earlier one, from its end on. */
function cuts(request: TurnRequest, chain: Chain, scope: number): (at: number) => Cut | undefined {
  const { messages } = request;
  // The same opening again is another conversation; the same request after an answer is the same one, asked again.
  const longest = messages.some(({ role }) => role === "assistant") ? messages.length : messages.length - 1;
  return (at) => {
    const shared = longest - at;
    const last = chain.request[shared - 1];
    if (last === undefined) return undefined;
    return {
      shared,
      head: last.hash,
      request_key: requestKey(last.hash, scope),
      answerKey() {
        const next = messages[shared];
        return next?.role === "assistant" ? answerKey(next) : null;
      },
    };
  };
}

function previousOf(db: Reader, call: PreparedCall, before: number): PreviousTurn | undefined {
  const request = requestOf(call.parsed);
  const { meta, chain } = call;
  const tenant = meta.tenant ?? null, user = userOf(call) ?? null, agent = meta.agent ?? null;
  if (request?.previous_response_id !== undefined) {
    const found = findResponse(db, { id: request.previous_response_id, tenant, before });
    if (found !== undefined) return { ...found, shared: 0, answered: false };
  }
  const search: Search = {
    tenant,
    user,
    agent,
    before,
    cut: request && chain ? cuts(request, chain, scopeKey({ tenant, user, agent })) : () => undefined,
  };
  return meta.session === undefined
    ? findPrevious(db, search)
    : findInSession(db, { ...search, session: meta.session });
}

/**
 * The conversation of a call: the session it names, else that of the answer it continues, else that of the recorded
 * request it extends, else a new one, called after this call. Turns from id `before` on don't count.
 */
export function placeCall(db: Reader, call: PreparedCall, before: number): Placed {
  const previous = previousOf(db, call, before);
  const shared = previous === undefined ? 0 : previous.shared + Number(previous.answered);
  return {
    conversation: call.meta.session ?? previous?.conversation ?? call.meta.id,
    messagesBefore: shared,
    systemBefore: previous?.system_hash,
  };
}
