import { Buffer } from "node:buffer";
import type { Header, PublishRequest } from "capstan";
import type { CallMeta } from "../call.ts";
import { LONGEST_HEADER } from "../proxy/stored_headers.ts";

/** The W3C trace that the client's request belonged to, for the events of its call; `undefined`: it named none. */
export function callTrace({ request_headers }: CallMeta): PublishRequest["from"] {
  const { traceparent, tracestate } = request_headers ?? {};
  if (traceparent === undefined) return undefined;
  const headers: Header[] = [["traceparent", Buffer.from(traceparent)]];
  // One that was cut off is no state any more.
  if (tracestate !== undefined && tracestate.length < LONGEST_HEADER) {
    headers.push(["tracestate", Buffer.from(tracestate)]);
  }
  return { headers };
}
