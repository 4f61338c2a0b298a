import assert from "node:assert/strict";
import { dpoLines, jsonlLine, type JudgedTurn, sftLine } from "../../../../plugins/insights/export/lines.ts";
import type { RecordedMessage } from "../../../../plugins/insights/export/conversation.ts";

const text = (role: string, said: string): RecordedMessage => ({
  role,
  content: [{ type: "text", text: said }],
});

function judged(signal: Partial<JudgedTurn["signal"]>, answer = text("assistant", "Rome")): JudgedTurn {
  return {
    signal: {
      feedback_id: "evt-1",
      label: "positive",
      rating: 1,
      weight: 1,
      turn_id: "t",
      revision: 1,
      conversation: "c",
      prompt_hash: "p",
      answer_hash: answer.content[0]?.text,
      tools_used: [],
      tenant_id: "acme",
      timestamp: "2026-01-01T00:00:00Z",
      ...signal,
    },
    conversation: {
      system: [{ type: "text", text: "Be brief." }],
      prompt: [text("user", "Capital of France?")],
      answer,
    },
  };
}

const PROMPT = [{ role: "system", content: "Be brief." }, { role: "user", content: "Capital of France?" }];

Deno.test("sft has good answers, and corrections in place of the answers they correct; bad ones are left out", () => {
  assert.deepEqual(sftLine(judged({})), { messages: [...PROMPT, { role: "assistant", content: "Rome" }] });
  assert.deepEqual(sftLine(judged({ label: "negative", correction: "Paris" })), {
    messages: [...PROMPT, { role: "assistant", content: "Paris" }],
  });
  assert.equal(sftLine(judged({ label: "negative" })), undefined);
  assert.equal(sftLine(judged({ label: "neutral" })), undefined);
});

Deno.test("openai-dpo pairs a correction with what it corrects, and good answers with bad ones to the same prompt", () => {
  const corrected = judged({ label: "negative", correction: "Paris" });
  const good = judged({}, text("assistant", "Paris."));
  const bad = judged({ label: "negative" }, text("assistant", "Lyon"));
  const elsewhere = judged({ label: "negative", prompt_hash: "q" }, text("assistant", "x"));
  const others = judged({ label: "negative", tenant_id: "other" }, text("assistant", "y"));
  const said = dpoLines([corrected, good, bad, elsewhere, others]).map(({ input, ...outputs }) => {
    assert.deepEqual(input, { messages: PROMPT });
    return outputs;
  });
  const answer = (content: string) => [{ role: "assistant", content }];
  assert.deepEqual(said, [
    { preferred_output: answer("Paris"), non_preferred_output: answer("Rome") },
    { preferred_output: answer("Paris."), non_preferred_output: answer("Lyon") },
  ]);
});

Deno.test("jsonl has the signal with the messages it is on: tool calls, results and images too", () => {
  const turn = judged({ tags: ["geo"] });
  turn.conversation = {
    tools: [{ type: "function", function: { name: "look" } }],
    prompt: [
      {
        role: "user",
        content: [{ type: "text", text: "See" }, {
          type: "image",
          image_base64: "AA==",
          media_type: "image/gif",
        }],
      },
      {
        role: "assistant",
        content: [{ type: "thinking", thinking: "hm" }, {
          type: "tool_use",
          tool_use_id: "1",
          tool_name: "look",
          tool_input: { at: 1 },
        }],
      },
      { role: "user", content: [{ type: "tool_result", tool_result_id: "1", tool_output: "a cat" }] },
    ],
    answer: text("assistant", "A cat."),
  };
  const line = jsonlLine(turn);
  assert.deepEqual(line.tags, ["geo"]);
  assert.deepEqual(line.tools, turn.conversation.tools);
  assert.deepEqual(line.messages, [
    {
      role: "user",
      content: [{ type: "text", text: "See" }, {
        type: "image_url",
        image_url: { url: "data:image/gif;base64,AA==" },
      }],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "1", type: "function", function: { name: "look", arguments: '{"at":1}' } }],
    },
    { role: "tool", content: "a cat", tool_call_id: "1" },
  ]);
  assert.deepEqual(line.answer, [{ role: "assistant", content: "A cat." }]);
});
