import type { PublishRequest, Transaction } from "capstan";
import { insertBlob } from "../ledger/blobs.ts";
import { ownNode } from "../ledger/foreign_nodes.ts";
import { insertNode } from "../ledger/nodes.ts";
import { timeText } from "../ledger/time_text.ts";
import {
  insertTurn,
  sameTurn,
  type StoredTurn,
  turnOfCall,
  type TurnRow,
  updateTurn,
} from "../ledger/turns.ts";
import { nodeUsage } from "../ledger/usage_columns.ts";
import { callTrace } from "./call_trace.ts";
import type { ChainNode } from "./chain.ts";
import { nodeEvent } from "./node_event.ts";
import { placeCall } from "./place_call.ts";
import type { PreparedCall } from "./prepare_call.ts";
import { turnEvent } from "./turn_event.ts";
import { turnRow } from "./turn_row.ts";

/** What is known of a call's rows before it is written. */
export interface WriteOptions {
  /** The row of an earlier derivation, to be replaced where today's differs. */
  existing?: StoredTurn;
  /** Blobs that are stored already; those of this call are added. */
  blobs: Set<string>;
}

/** What writing a call did. */
export interface Written {
  events: PublishRequest[];
  nodes: number;
  /** A row was made or changed. */
  turn: boolean;
}

/** Nodes, parents first; those that are new give an event. */
function writeNodes(tx: Transaction, call: PreparedCall, events: PublishRequest[]): void {
  const { meta, chain, parsed, newFrom } = call;
  if (chain === undefined || chain.root === null || !("turn" in parsed)) return;
  const { root } = chain;
  const { turn } = parsed;
  const { provider, agent, project } = meta;
  const write = (node: ChainNode, at: { ms: number; nth: number }, choice?: number) => {
    const answer = choice === undefined ? undefined : turn.answers[choice];
    const { stored, rfc3339 } = timeText(at.ms, at.nth);
    const { role, model } = node.bucket;
    const { bucket, content, eventBucket } = node.stored;
    const stopReason = answer?.stop_reason ?? "";
    // The usage is the whole turn's: on one node, so that sums are right.
    const usage = choice === 0 ? nodeUsage(turn.usage) : undefined;
    const { hash, parent } = node;
    const row = { hash, parent, bucket, role, content, model, provider, agent, stopReason, usage, project };
    if (insertNode(tx, { ...row, createdAt: stored })) {
      events.push(
        nodeEvent({
          root,
          occurredAt: rfc3339,
          hash,
          parent,
          bucket: eventBucket,
          stopReason,
          usage,
          project,
        }),
      );
    } else if (answer !== undefined) ownNode(tx, hash);
  };
  for (let at = newFrom; at < chain.request.length; at++) {
    const node = chain.request[at];
    if (node !== undefined) write(node, { ms: meta.started_at, nth: at });
  }
  chain.answers.forEach((node, choice) => write(node, { ms: meta.ended_at, nth: choice }, choice));
}

/** Enters or replaces a row; its revision, or `undefined` where nothing was to be changed. */
function writeRow(tx: Transaction, row: TurnRow, existing: StoredTurn | undefined): number | undefined {
  if (existing === undefined && insertTurn(tx, row)) return 1;
  // A row entered since this call was read stays, unless it only says that deriving failed.
  const stored = existing ?? turnOfCall(tx, row.call_id);
  if (stored === undefined || sameTurn(stored, row)) return undefined;
  if (existing === undefined && stored.reason !== "deriver-failed") return undefined;
  updateTurn(tx, stored.id, row);
  return stored.revision + 1;
}

/** Writes a call's nodes and its row, and gives the events of what is new. Nothing is doubled by doing it twice. */
export function writeCall(tx: Transaction, call: PreparedCall, { existing, blobs }: WriteOptions): Written {
  const events: PublishRequest[] = [];
  writeNodes(tx, call, events);
  const nodes = events.length;
  for (const blob of [call.system, call.tools]) {
    if (blob === undefined || blobs.has(blob.hash)) continue;
    insertBlob(tx, blob);
    blobs.add(blob.hash);
  }
  const placed = placeCall(tx, call, existing?.id ?? Number.MAX_SAFE_INTEGER);
  const row = turnRow(call, placed);
  const systemIsNew = placed.systemBefore !== row.system_hash;
  const revision = writeRow(tx, row, existing);
  if (revision !== undefined) events.push(turnEvent({ call, row, revision, systemIsNew }));
  const from = callTrace(call.meta);
  return {
    events: from === undefined ? events : events.map((event) => ({ ...event, from })),
    nodes,
    turn: revision !== undefined,
  };
}
