import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { recordsOf } from "./records.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

const CONFIG = `
[admin]
listen = "127.0.0.1:0"
[plugins.tapes]
listen = "127.0.0.1:0"
[plugins.tapes.providers.echo]
type = "echo"
[plugins.insights]
enabled = true
[plugins.insights.api.listeners.public]
listen = "127.0.0.1:0"
[plugins.insights.api.keys.acme]
key = "key-of-acme"
tenant = "acme"
`;

/** Runs a command on the agent's folder; it must end with 0. */
async function run(dir: string, ...args: string[]): Promise<string> {
  const { code, out, error } = await capstan({ args: [...args, "--config-dir", dir] });
  assert.equal(code, 0, `${args.join(" ")}: ${error}`);
  return out;
}

Deno.test("a call becomes events, feedback on it a learning signal, and that a line of a fine-tuning set", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/config.toml`, CONFIG);
  await using agent = await startAgent({ dir: dir.path });
  const body = { model: "echo", messages: [{ role: "user", content: "hello" }] };
  const answer = await (await fetch(`${agent.proxy}/agents/me/providers/echo/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "x-capstan-tenant": "acme" },
  })).json();
  const next = async (topic: string) =>
    JSON.parse(await run(dir.path, "tail", topic, "--from-beginning", "--max", "1", "--json")).value;
  const figures = await next("agent-metrics-events");
  assert.deepEqual([figures.event_type, figures.tenant_id, figures.data.agent], [
    "metrics.turn",
    "acme",
    "me",
  ]);
  assert.equal((await next("agent-trace-events")).data.response_id, answer.id);
  assert.equal((await next("audit-events")).data.outcome, "complete");

  const origin = /insights API \(public\): (http:\/\/\S+)\/v1/.exec(agent.said())?.[1];
  const judge = (headers: Record<string, string>) =>
    fetch(`${origin}/v1/feedback`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ response_id: answer.id, thumbs: "down", correction: "Hi!", event_id: "evt-1" }),
    });
  const refused = await judge({});
  assert.equal(refused.status, 401);
  await refused.body?.cancel();
  for (let twice = 0; twice < 2; twice++) {
    const taken = await judge({ authorization: "Bearer key-of-acme" });
    assert.deepEqual([taken.status, await taken.json()], [202, { event_id: "evt-1" }]);
  }
  const signal = await next("ai-learning-signals");
  assert.deepEqual([signal.data.feedback_id, signal.data.label, signal.data.weight], [
    "evt-1",
    "negative",
    1,
  ]);

  const line = JSON.parse(await run(dir.path, "insights", "export", "--format", "openai-dpo"));
  assert.deepEqual(line, {
    input: { messages: body.messages },
    preferred_output: [{ role: "assistant", content: "Hi!" }],
    non_preferred_output: [answer.choices[0].message],
  });
  const up = await run(dir.path, "feedback", answer.id, "--up", "--tenant", "acme", "--event-id", "evt-2");
  assert.equal(up, "evt-2\n");
  const both = await run(dir.path, "tail", "ai-learning-signals", "--from-beginning", "--max", "2", "--json");
  assert.deepEqual(both.trim().split("\n").map((each) => JSON.parse(each).value.data.feedback_id), [
    "evt-1",
    "evt-2",
  ]);
  assert.equal(await agent.stop(), 0);
});

Deno.test("SQL that was said in a conversation becomes a lineage event", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/config.toml`, CONFIG);
  await using agent = await startAgent({ dir: dir.path });
  const sql = "SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id";
  const response = await fetch(`${agent.proxy}/agents/me/providers/echo/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({
      model: "echo",
      messages: [{ role: "user", content: `\n\`\`\`sql\n${sql}\n\`\`\`\n` }],
    }),
  });
  await response.body?.cancel();
  assert.equal(response.status, 200);
  const [record] = await until(async () => {
    const records = await recordsOf("query-lineage-events", { dir: dir.path });
    return records.length > 0 ? records : undefined;
  });
  const { parsed, reads, found_in } = (record?.value as { data: Record<string, unknown> }).data;
  assert.deepEqual({ parsed, reads, found_in }, {
    parsed: true,
    reads: [{ name: "orders", columns: ["user_id"] }, { name: "users", columns: ["id", "name"] }],
    found_in: "answer",
  });
});

Deno.test("capstan feedback and insights export refuse what makes no sense, and say why", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/config.toml`, CONFIG);
  await (await startAgent({ dir: dir.path })).stop();
  const fails = async (...args: string[]) => await capstan({ args: [...args, "--config-dir", dir.path] });
  const none = await fails("feedback", "chatcmpl-1");
  assert.deepEqual(
    [none.code, none.error.includes("give one of rating, thumbs and stars")],
    [2, true],
    none.error,
  );
  const format = await fails("insights", "export", "--format", "csv");
  assert.deepEqual([format.code, format.error.includes("jsonl, openai-dpo, sft")], [2, true], format.error);
});
