import type { StoredNode } from "./nodes.ts";
import { NODE_USAGE, type NodeUsage } from "./usage_columns.ts";

/** The usage a stored node has; `undefined` where it has none. */
export function usageOf(node: StoredNode): NodeUsage | undefined {
  const usage: NodeUsage = {};
  for (const key of NODE_USAGE) {
    const value = node[key];
    if (value !== null && value !== 0) usage[key] = value;
  }
  return Object.keys(usage).length > 0 ? usage : undefined;
}

/** Members that tapes leaves out where they are empty, each with a comma before it. */
function optional(members: Record<string, string | NodeUsage | null | undefined>): string {
  return Object.entries(members)
    .map(([key, value]) => value ? `,"${key}":${JSON.stringify(value)}` : "")
    .join("");
}

/** A node as tapes' API has it. bucket is JSON already. */
export function nodeJson(node: StoredNode): string {
  return `{"hash":${JSON.stringify(node.hash)},"parent_hash":${JSON.stringify(node.parent_hash)},` +
    `"bucket":${node.bucket ?? "null"}` +
    optional({ stop_reason: node.stop_reason, usage: usageOf(node), project: node.project }) + "}";
}

/** A path as tapes' API has it: `path` from the node up, answered from the root down. */
export function historyJson(path: readonly StoredNode[], head: string): string {
  const messages = path.toReversed().map((node) =>
    `{"hash":${JSON.stringify(node.hash)}` + optional({ parent_hash: node.parent_hash }) +
    `,"role":${JSON.stringify(node.role ?? "")},"content":${node.content ?? "null"}` +
    optional({
      model: node.model,
      provider: node.provider,
      stop_reason: node.stop_reason,
      usage: usageOf(node),
    }) + "}"
  );
  return `{"messages":[${messages.join(",")}],"head_hash":${JSON.stringify(head)},"depth":${path.length}}`;
}
