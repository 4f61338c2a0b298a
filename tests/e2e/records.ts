import assert from "node:assert/strict";
import { capstan } from "./capstan.ts";

/** A record as `capstan tail --json` prints it. */
export interface PrintedRecord {
  topic: string;
  partition: number;
  offset: number;
  timestamp: string;
  key: string | null;
  value: unknown;
}

/** A node event, as far as the tests look at it. */
export interface NodeEvent {
  schema: string;
  root_hash: string;
  node: {
    hash: string;
    parent_hash: string | null;
    bucket: { role: string; content: { type: string; text?: string }[] | null };
  };
}

/** Everything a topic holds, by `capstan tail`. */
export async function recordsOf(
  topic: string,
  options: { dir: string; args?: readonly string[]; env?: Readonly<Record<string, string>> },
): Promise<PrintedRecord[]> {
  const { code, out, error } = await capstan({
    args: [
      "tail",
      topic,
      "--from-beginning",
      "--no-follow",
      "--json",
      "--config-dir",
      options.dir,
      ...(options.args ?? []),
    ],
    env: options.env,
  });
  assert.equal(code, 0, error);
  return out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** The value of a record of `tapes.nodes.v1`. */
export function nodeEvent(record: PrintedRecord): NodeEvent {
  const value = record.value;
  assert.ok(isNodeEvent(value), `no node event: ${JSON.stringify(value)}`);
  assert.equal(value.schema, "tapes.node.v1");
  return value;
}

function isNodeEvent(value: unknown): value is NodeEvent {
  return typeof value === "object" && value !== null && "node" in value && "root_hash" in value &&
    "schema" in value;
}

/**
 * Fails unless each node's event is there once (or, with `doubled`, at most so many are there twice), under the key
 * of its root, behind its parent's.
 */
export function assertNodeEvents(
  records: readonly PrintedRecord[],
  options: { doubled?: number } = {},
): void {
  const seen = new Set<string>();
  let doubled = 0;
  for (const record of records) {
    const { node, root_hash } = nodeEvent(record);
    assert.equal(record.key, root_hash);
    if (seen.has(node.hash)) doubled++;
    if (node.parent_hash === null) assert.equal(node.hash, root_hash);
    else {assert.ok(
        seen.has(node.parent_hash),
        `node ${node.hash} came before its parent ${node.parent_hash}`,
      );}
    seen.add(node.hash);
  }
  assert.ok(doubled <= (options.doubled ?? 0), `${doubled} events came twice`);
}

/** The texts of the nodes of one role. */
export function textsOf(records: readonly PrintedRecord[], role: string): string[] {
  return records.map(nodeEvent).filter(({ node }) => node.bucket.role === role)
    .map(({ node }) => node.bucket.content?.map((block) => block.text ?? "").join("") ?? "");
}
