import { Buffer } from "node:buffer";
import type { PublishRequest } from "capstan";
import { goString } from "./go_json.ts";
import type { NodeUsage } from "../ledger/usage_columns.ts";

/** Topic of new nodes; key: root hash. tapes' own, to the byte. */
export const NODES_TOPIC = "tapes.nodes.v1";

/** What a node's event says. */
export interface NodeEvent {
  root: string;
  /** RFC 3339. */
  occurredAt: string;
  hash: string;
  parent: string | null;
  /** JSON in tapes' order. */
  bucket: string;
  stopReason: string | null;
  usage?: NodeUsage;
  project?: string | null;
}

/** Writes `tapes.node.v1` as tapes does. The node's hash is the event's identity. */
export function nodeEvent(event: NodeEvent): PublishRequest {
  const { root, hash, parent } = event;
  const value = `{"schema":"tapes.node.v1","root_hash":"${root}","occurred_at":"${event.occurredAt}",` +
    `"node":{"hash":"${hash}","parent_hash":${
      parent === null ? "null" : `"${parent}"`
    },"bucket":${event.bucket}` +
    (event.stopReason ? `,"stop_reason":${goString(event.stopReason)}` : "") +
    (event.usage ? `,"usage":${JSON.stringify(event.usage)}` : "") +
    (event.project ? `,"project":${goString(event.project)}` : "") + "}}";
  return { topic: NODES_TOPIC, key: root, value: Buffer.from(value) };
}
