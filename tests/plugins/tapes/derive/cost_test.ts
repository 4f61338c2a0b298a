import assert from "node:assert/strict";
import type { Transaction } from "capstan";
import { assistant, chat, type ChatMessage, user } from "./calls.ts";
import { openHarness } from "./deriver_harness.ts";

/** Counts statements. */
function counting(tx: Transaction, counted: { statements: number }): Transaction {
  return {
    get: (sql, ...params) => (counted.statements++, tx.get(sql, ...params)),
    all: (sql, ...params) => (counted.statements++, tx.all(sql, ...params)),
    iterate: (sql, ...params) => (counted.statements++, tx.iterate(sql, ...params)),
    run: (sql, ...params) => (counted.statements++, tx.run(sql, ...params)),
  };
}

/** Statements and nodes of each turn of one conversation, each turn in a batch of its own. */
async function costs(turns: number): Promise<{ statements: number; nodes: number }[]> {
  await using harness = await openHarness();
  const reads = { statements: 0 };
  const read = harness.store.read.bind(harness.store);
  harness.store.read = (work) =>
    read((db) => work(counting({ ...bound(db), run: () => assert.fail() }, reads)));
  const messages: ChatMessage[] = [];
  const result: { statements: number; nodes: number }[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    messages.push(user(`question ${turn}`));
    const writes = { statements: 0 };
    reads.statements = 0;
    await harness.derive([chat(turn, [...messages], `answer ${turn}`)], (tx) => counting(tx, writes));
    const statements = reads.statements + writes.statements;
    messages.push(assistant(`answer ${turn}`));
    result.push({ statements, nodes: harness.rows("nodes").length });
  }
  return result;
}

function bound(
  db: Pick<Transaction, "get" | "all" | "iterate">,
): Pick<Transaction, "get" | "all" | "iterate"> {
  return {
    get: (sql, ...params) => db.get(sql, ...params),
    all: (sql, ...params) => db.all(sql, ...params),
    iterate: (sql, ...params) => db.iterate(sql, ...params),
  };
}

Deno.test("statements and rows of a turn don't grow with its conversation", async () => {
  const each = await costs(60);
  const [, , third] = each;
  const last = each.at(-1);
  assert.ok(third && last);
  assert.equal(last.statements, third.statements);
  // Known calls; two look-ups back to a stored node; message, answer; three look-ups of the conversation; its row.
  // Around a batch: that it is the deriver who writes, and that it has ended.
  assert.equal(third.statements, 9 + 2);
  for (const [index, { nodes }] of each.entries()) assert.equal(nodes, 2 * (index + 1));
});

Deno.test("statements for a long conversation seen for the first time grow with its new messages", async () => {
  await using harness = await openHarness();
  const messages = Array.from(
    { length: 300 },
    (_, index) => index % 2 === 0 ? user(`q ${index}`) : assistant(`a ${index}`),
  );
  const counted = { statements: 0 };
  await harness.derive([chat(1, [...messages, user("last")], "end")], (tx) => counting(tx, counted));
  assert.equal(harness.rows("nodes").length, 302);
  assert.ok(counted.statements < 302 + 15, `${counted.statements} statements`);
});

Deno.test("the ledger's and the deriver's questions use their indexes", async () => {
  await using harness = await openHarness();
  const plan = (sql: string) =>
    harness.store.read((db) => db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)).map(({ detail }) =>
      detail
    ).join("; ");
  assert.match(
    plan(
      "SELECT id FROM turns WHERE request_key = 1 AND answer_key = 2 AND request_head = 'h' ORDER BY id DESC LIMIT 1",
    ),
    /USING INDEX turns_continuation \(request_key=\? AND answer_key=\?\)$/,
  );
  assert.match(
    plan(
      "SELECT j.key FROM json_each('[1]') j WHERE EXISTS (SELECT 1 FROM turns WHERE request_key = j.value)",
    ),
    /turns_continuation \(request_key=\?\)/,
  );
  assert.match(
    plan("SELECT id FROM turns WHERE response_id = 'r' AND endpoint = 'responses' ORDER BY id DESC LIMIT 1"),
    /turns_response/,
  );
  assert.match(
    plan("SELECT * FROM turns WHERE conversation = 'c' ORDER BY id"),
    /turns_conversation \(conversation=\?\)$/,
  );
});
