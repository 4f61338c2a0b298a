import assert from "node:assert/strict";
import { NODES_TOPIC } from "../../../plugins/tapes/derive/node_event.ts";
import { openHarness } from "./derive/deriver_harness.ts";
import { goldenCall, goldenCases, type GoldenNode } from "./golden.ts";

const decoder = new TextDecoder();
const text = (value: unknown) => value instanceof Uint8Array ? decoder.decode(value) : value;

/** What tapes loses of an answer whose last chunk carries usage alone, and of a streamed Ollama answer. */
const LOST_ON_NODES = new Set([
  "stop_reason",
  "cache_read_input_tokens",
  "total_duration_ns",
  "prompt_duration_ns",
]);

function without(object: object, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));
}

for (const golden of goldenCases()) {
  if (!golden.exact) continue;
  Deno.test(`deriver gives tapes' rows and events for ${golden.id}`, async (t) => {
    await using harness = await openHarness();
    for (const step of golden.steps) await harness.derive([goldenCall(golden, step)]);
    const rows = harness.rows<GoldenNode>("nodes");
    const loses = /lost/.test(golden.notes) && !/second usage lost/.test(golden.notes);

    await t.step("rows, byte for byte, but for the time", () => {
      const skipped = new Set(["created_at", ...(loses ? LOST_ON_NODES : [])]);
      const plain = (node: GoldenNode) => ({
        ...without(node, skipped),
        bucket: text(node.bucket),
        content: text(node.content),
      });
      const byHash = (a: GoldenNode, b: GoldenNode) => a.hash < b.hash ? -1 : 1;
      assert.deepEqual(rows.toSorted(byHash).map(plain), golden.nodes.toSorted(byHash).map(plain));
      for (const row of rows) assert.match(row.created_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
    });

    await t.step("events, byte for byte, but for the time", async () => {
      const plain = ({ key, value }: { key: string; value: string }) => {
        let json = value.replace(/"occurred_at":"[^"]+"/, '"occurred_at":""');
        if (loses) {
          json = json.replace(/,"stop_reason":"[^"]*"/, "").replace(
            /,"(cache_read_input_tokens|total_duration_ns|prompt_duration_ns)":\d+/g,
            "",
          );
        }
        return `${key} ${json}`;
      };
      const events = await harness.events(NODES_TOPIC);
      assert.deepEqual(events.map(plain).toSorted(), golden.events.map(plain).toSorted());
      const seen = new Set<string | null>([null]);
      for (const { value } of events) {
        const { node } = JSON.parse(value);
        assert.ok(seen.has(node.parent_hash), "a parent's event goes before its children's");
        seen.add(node.hash);
      }
    });

    await t.step("one row of the ledger for each call", () => {
      const turns = harness.rows<{ reason: string | null; head_hash: string }>("turns");
      assert.equal(turns.length, golden.steps.length);
      for (const turn of turns) {
        assert.equal(turn.reason, null);
        assert.ok(golden.nodes.some(({ hash }) => hash === turn.head_hash));
      }
    });
  });
}

/** What must be found in the nodes of the cases where tapes drops content. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  "09-openai-tool-result": ["as parts: lost", "21.5"],
  "10-openai-stream-tool-call": ["get_weather", "Paris", "call_FIXED1"],
  "41-anthropic-tool-result": ["toolu_FIXED1"],
  "44-anthropic-thinking": ["Let me add.", "SIGxyz==", "ENC2", "earlier", "SIG0", "ENC"],
  "60-ollama-format-schema-keepalive-number": ["why is the sky blue?", "{}"],
};

for (const golden of goldenCases()) {
  if (golden.exact) continue;
  Deno.test(`deriver keeps what tapes drops in ${golden.id}`, async () => {
    await using harness = await openHarness();
    for (const step of golden.steps) await harness.derive([goldenCall(golden, step)]);
    const contents = harness.rows<{ content: unknown }>("nodes").map(({ content }) => text(content)).join(
      "\n",
    );
    for (const words of SAID[golden.id] ?? []) assert.ok(contents.includes(words), `${words} in ${contents}`);
    assert.ok((SAID[golden.id] ?? []).length > 0);
  });
}
