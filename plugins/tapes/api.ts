import { setImmediate } from "node:timers/promises";
import type { PluginContext, PluginStore } from "capstan";
import { historyJson, nodeJson } from "./ledger/node_json.ts";
import { ancestry, readNode } from "./ledger/nodes.ts";
import { leaves, treeStats } from "./ledger/tree.ts";

/** Histories read at once while all of them are answered. */
const HISTORIES = 50;

function json(text: string, status = 200): Response {
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

function notFound(): Response {
  return json(JSON.stringify({ error: "node not found" }), 404);
}

async function stats(store: Pick<PluginStore, "read">): Promise<Response> {
  const counting = treeStats((work) => store.read(work));
  let step = counting.next();
  for (; !step.done; step = counting.next()) await setImmediate();
  const { nodes, roots, leaves } = step.value;
  return json(JSON.stringify({ total_nodes: nodes, root_count: roots, leaf_count: leaves }));
}

/** The history of every leaf, written as it is read: memory stays small however many there are. */
async function* histories(store: Pick<PluginStore, "read">): AsyncGenerator<string> {
  yield `{"histories":[`;
  let count = 0;
  for (let after = "";;) {
    const from = after;
    const heads = store.read((db) => leaves(db, from, HISTORIES));
    for (const head of heads) {
      const history = historyJson(store.read((db) => ancestry(db, head)), head);
      yield `${count > 0 ? "," : ""}${history}`;
      count++;
      await setImmediate();
    }
    after = heads.at(-1) ?? "";
    if (heads.length < HISTORIES) break;
  }
  yield `],"count":${count}}`;
}

function stream(parts: AsyncGenerator<string>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

/** Registers tapes' HTTP API on the admin listener. `store` is what `registerLedger` gave. */
export function registerApi(ctx: Pick<PluginContext, "route">, store: Pick<PluginStore, "read">): void {
  ctx.route("GET", "/ping", () => json(`"pong"`));
  ctx.route("GET", "/dag/stats", () => stats(store));
  ctx.route("GET", "/dag/node/:hash", (_request, { hash = "" }) => {
    const node = store.read((db) => readNode(db, hash));
    return node === undefined ? notFound() : json(nodeJson(node));
  });
  ctx.route("GET", "/dag/history", () => stream(histories(store)));
  ctx.route("GET", "/dag/history/:hash", (_request, { hash = "" }) => {
    const path = store.read((db) => ancestry(db, hash));
    return path.length === 0 ? notFound() : json(historyJson(path, hash));
  });
}
