import type { Header, OutgoingRecord } from "./contract.ts";
import type { PublishRequest } from "./handler.ts";
import { redactKey, redactUtf8 } from "./redact_bytes.ts";
import type { Redaction } from "./redaction.ts";
import type { TopicCodecs } from "./topic_codecs.ts";
import { type Trace, traceHeaders, traceOf, TRACEPARENT } from "./traceparent.ts";

const encoder = new TextEncoder();

/** What encoding requests needs. */
export interface EncodeOptions {
  /** Real name of a logical topic. */
  realName(topic: string): string;
  /** What the values of topics are. */
  codecs: TopicCodecs;
  /** The trace of requests that name no record they follow from. */
  trace?: Trace;
}

/**
 * The record of a request, under the topic's real name.
 * @throws {TypeError} the topic's codec can't write the value, or it does not match the topic's schema.
 */
export function encodeRequest(request: PublishRequest, options: EncodeOptions): OutgoingRecord {
  const { realName, codecs, trace } = options;
  const { topic, value, key, headers, partition, timestamp, from } = request;
  const record: OutgoingRecord = { topic: realName(topic), value: codecs.of(topic).encode(value) };
  if (key !== undefined) record.key = typeof key === "string" ? encoder.encode(key) : key;
  const own = headers && encodeHeaders(headers);
  const all = traced(own, from ? traceOf(from.headers) : trace);
  if (all !== undefined) record.headers = all;
  if (partition !== undefined) record.partition = partition;
  if (timestamp !== undefined) record.timestamp = timestamp;
  return codecs.redaction.on ? redactEnds(record, codecs.redaction) : record;
}

/** The record with its key and headers redacted; its value is the codec's to redact. */
export function redactEnds(record: OutgoingRecord, redaction: Redaction): OutgoingRecord {
  const { key, headers } = record;
  return {
    ...record,
    ...(key && { key: redactKey(key, redaction) }),
    ...(headers && {
      headers: headers.map(([name, value]): Header => [
        redaction.identity(name),
        value && redactUtf8(value, redaction),
      ]),
    }),
  };
}

/** Headers with text values, or as they are. */
export function encodeHeaders(headers: NonNullable<PublishRequest["headers"]>): readonly Header[] {
  if (isHeaderList(headers)) return headers;
  return Object.entries(headers).map(([name, value]): Header => [name, encoder.encode(value)]);
}

/** Own headers win: who names a trace means that one, with its state. */
function traced(own: readonly Header[] | undefined, trace: Trace | undefined): readonly Header[] | undefined {
  if (trace === undefined) return own;
  const given = new Set(own?.map(([name]) => name.toLowerCase()));
  if (given.has(TRACEPARENT)) return own;
  return [...own ?? [], ...traceHeaders(trace).filter(([name]) => !given.has(name))];
}

function isHeaderList(headers: NonNullable<PublishRequest["headers"]>): headers is readonly Header[] {
  return Array.isArray(headers);
}
