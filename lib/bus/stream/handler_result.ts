import type { Transaction } from "../../store/contract.ts";
import type { BusRecord, OutgoingRecord } from "../contract.ts";
import { type EncodeOptions, encodeRequest } from "../encode.ts";
import type { HandlerResult, HandlerReturn, OutgoingValue, PublishRequest } from "../handler.ts";
import { sharedTrace } from "../traceparent.ts";

/** What a handler's work comes to, in one form: encoded outputs and an optional write. */
export interface Outcome {
  outputs: readonly OutgoingRecord[];
  write?(tx: Transaction): readonly OutgoingRecord[];
}

/** What encoding a handler's return needs. */
export interface OutcomeOptions extends Pick<EncodeOptions, "realName" | "codecs"> {
  /** Topic of raw values; logical name. */
  outputTopic?: string;
}

/**
 * Brings what a handler returned for `records` into one form. A trace that all of them share goes on in the outputs.
 * @throws {TypeError} a raw value without `outputTopic`, a value its topic does not take, or something else altogether.
 */
export function toOutcome(
  returned: HandlerReturn,
  records: readonly Pick<BusRecord, "headers">[],
  options: OutcomeOptions,
): Outcome {
  const { requests, write } = requestsOf(returned, options.outputTopic);
  return {
    outputs: encodeAll(requests, records, options),
    ...(write && { write: (tx: Transaction) => encodeAll(write(tx), records, options) }),
  };
}

/** What a handler returned, as requests, and its `write` where it has one. */
export interface Requested {
  requests: readonly PublishRequest[];
  write?: HandlerResult["write"];
}

/**
 * Brings what a handler returned into the form of requests; their values are as they were.
 * @throws {TypeError} a raw value without `outputTopic`, or something else altogether.
 */
export function requestsOf(returned: HandlerReturn, outputTopic: string | undefined): Requested {
  if (returned === undefined || returned === null) return { requests: [] };
  if (Array.isArray(returned)) return { requests: returned.map((item) => toRequest(item, outputTopic)) };
  if (!isHandlerResult(returned)) {
    throw new TypeError(
      "Cannot use what the handler returned: it is neither a list nor { outputs, write }; return a list of values",
    );
  }
  const { write, outputs = [] } = returned;
  return { requests: outputs, ...(write && { write: (tx: Transaction) => write.call(returned, tx) }) };
}

function encodeAll(
  requests: readonly PublishRequest[] | void,
  records: readonly Pick<BusRecord, "headers">[],
  { realName, codecs }: OutcomeOptions,
): OutgoingRecord[] {
  if (!requests || requests.length === 0) return [];
  const encoding = { realName, codecs, trace: sharedTrace(records) };
  return requests.map((request) => encodeRequest(request, encoding));
}

function toRequest(
  item: PublishRequest | OutgoingValue,
  outputTopic: string | undefined,
): PublishRequest {
  if (isPublishRequest(item)) return item;
  if (outputTopic === undefined) {
    throw new TypeError(
      "Cannot publish a raw value: the stream names no outputTopic; set it or return { topic, value }",
    );
  }
  return { topic: outputTopic, value: item };
}

function isHandlerResult(value: unknown): value is HandlerResult {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return "write" in value || "outputs" in value || Object.keys(value).length === 0;
}

function isPublishRequest(item: PublishRequest | OutgoingValue): item is PublishRequest {
  return typeof item === "object" && item !== null && !(item instanceof Uint8Array) &&
    "topic" in item && typeof item.topic === "string" && "value" in item;
}
