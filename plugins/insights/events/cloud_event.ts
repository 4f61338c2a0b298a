import { Buffer } from "node:buffer";
import type { Codec } from "capstan";
import { readJson } from "capstan/json";
import type { Envelope } from "./envelope.ts";

/**
 * An event as CloudEvents 1.0 in structured mode (https://cloudevents.io), the tenant as the extension `tenantid`. A
 * source that is no URI reference is escaped as one.
 */
export interface CloudEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  time: string;
  tenantid: string;
  datacontenttype: "application/json";
  data: unknown;
}

function toCloudEvent(event: Envelope): CloudEvent {
  return {
    specversion: "1.0",
    id: event.event_id,
    source: encodeURI(event.source),
    type: event.event_type,
    time: event.timestamp,
    tenantid: event.tenant_id,
    datacontenttype: "application/json",
    data: event.data,
  };
}

/** Whether a value is meant as a CloudEvent. */
export function isCloudEvent(value: unknown): value is CloudEvent {
  return typeof value === "object" && value !== null && "specversion" in value;
}

/** The envelope a CloudEvent stands for. */
export function fromCloudEvent({ id, source, type, time, tenantid, data }: CloudEvent): Envelope {
  return {
    event_id: id,
    event_type: type,
    tenant_id: tenantid,
    timestamp: time,
    source: decodeURI(source),
    data,
  };
}

/**
 * Writes events plain or as CloudEvents and reads both, so that a topic stays readable when the switch is turned.
 */
export function envelopeCodec(form: "plain" | "cloudevents"): Codec {
  return {
    name: form,
    worker: { module: new URL("./worker_codec.ts", import.meta.url), options: form },
    encode(value) {
      const written = form === "plain" ? value : toCloudEvent(value as Envelope);
      return Buffer.from(JSON.stringify(written));
    },
    decode(bytes) {
      const value: unknown = readJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
      return isCloudEvent(value) ? fromCloudEvent(value) : value;
    },
  };
}
