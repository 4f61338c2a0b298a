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
  if (returned === undefined || returned === null) return { outputs: [] };
  if (Array.isArray(returned)) {
    return { outputs: encodeAll(returned.map((item) => toRequest(item, options)), records, options) };
  }
  if (!isHandlerResult(returned)) {
    throw new TypeError(
      "Cannot use what the handler returned: it is neither a list nor { outputs, write }; return a list of values",
    );
  }
  const { write } = returned;
  return {
    outputs: encodeAll(returned.outputs, records, options),
    ...(write && { write: (tx: Transaction) => encodeAll(write.call(returned, tx), records, options) }),
  };
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

function toRequest(item: PublishRequest | OutgoingValue, options: OutcomeOptions): PublishRequest {
  if (isPublishRequest(item)) return item;
  if (options.outputTopic === undefined) {
    throw new TypeError(
      "Cannot publish a raw value: the stream names no outputTopic; set it or return { topic, value }",
    );
  }
  return { topic: options.outputTopic, value: item };
}

function isHandlerResult(value: unknown): value is HandlerResult {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return "write" in value || "outputs" in value || Object.keys(value).length === 0;
}

function isPublishRequest(item: PublishRequest | OutgoingValue): item is PublishRequest {
  return typeof item === "object" && item !== null && !(item instanceof Uint8Array) &&
    "topic" in item && typeof item.topic === "string" && "value" in item;
}
