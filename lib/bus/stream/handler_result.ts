import type { Transaction } from "../../store/contract.ts";
import type { OutgoingRecord } from "../contract.ts";
import { encodeRequest } from "../encode.ts";
import type { HandlerResult, HandlerReturn, OutgoingValue, PublishRequest } from "../handler.ts";

/** What a handler's work comes to, in one form: encoded outputs and an optional write. */
export interface Outcome {
  outputs: readonly OutgoingRecord[];
  write?(tx: Transaction): readonly OutgoingRecord[];
}

/** What encoding a handler's return needs. */
export interface OutcomeOptions {
  /** Topic of raw values; logical name. */
  outputTopic?: string;
  realName(topic: string): string;
}

/**
 * Brings what a handler returned into one form.
 * @throws {TypeError} a raw value without `outputTopic`, a value without JSON form, or something else altogether.
 */
export function toOutcome(returned: HandlerReturn, options: OutcomeOptions): Outcome {
  if (returned === undefined || returned === null) return { outputs: [] };
  if (Array.isArray(returned)) {
    return { outputs: returned.map((item) => encodeRequest(toRequest(item, options), options.realName)) };
  }
  if (!isHandlerResult(returned)) {
    throw new TypeError(
      "Cannot use what the handler returned: it is neither a list nor { outputs, write }; return a list of values",
    );
  }
  const { write } = returned;
  return {
    outputs: encodeAll(returned.outputs, options),
    ...(write && { write: (tx: Transaction) => encodeAll(write.call(returned, tx), options) }),
  };
}

function encodeAll(requests: readonly PublishRequest[] | void, options: OutcomeOptions): OutgoingRecord[] {
  return (requests ?? []).map((request) => encodeRequest(request, options.realName));
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
