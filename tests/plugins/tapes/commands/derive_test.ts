import assert from "node:assert/strict";
import { deriveCommand } from "../../../../plugins/tapes/commands/derive.ts";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import type { StoredTurn } from "../../../../plugins/tapes/ledger/turns.ts";
import { assistant, callId, chat, user } from "../derive/calls.ts";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";
import { openHarness } from "../derive/deriver_harness.ts";
import { runCommand } from "./command_harness.ts";

const CALLS = [
  chat(1, [user("hello")], "hi"),
  chat(2, [user("hello"), assistant("hi"), user("more")], "sure"),
  chat(3, [user("hello"), assistant("hi"), user("more"), assistant("sure"), user("thanks")], "bye"),
];

Deno.test("derive --again changes nothing where the parsers say the same", async () => {
  await using harness = await openHarness();
  await harness.derive(CALLS);
  const before = [
    harness.rows("turns"),
    harness.rows("nodes"),
    await harness.events(NODES_TOPIC),
    await harness.events(TURNS_TOPIC),
  ];
  const { stdout } = await runCommand(deriveCommand({}, NO_REDACTION), harness, {
    options: { again: true },
    kept: CALLS,
  });
  assert.equal(stdout, "Derived 3 calls again: 0 turns changed, 0 nodes new.\n");
  const after = [
    harness.rows("turns"),
    harness.rows("nodes"),
    await harness.events(NODES_TOPIC),
    await harness.events(TURNS_TOPIC),
  ];
  assert.deepEqual(after, before);
});

Deno.test("derive --again mends rows that differ and adds nodes that are missing, with their events", async () => {
  await using harness = await openHarness();
  await harness.derive(CALLS);
  const whole = harness.rows<StoredTurn>("turns");
  const [, second] = whole;
  await harness.store.write((tx) => {
    tx.run(
      "UPDATE turns SET reason = 'unparsable-answer', head_hash = NULL, model = NULL WHERE call_id = ?",
      callId(2),
    );
    tx.run("DELETE FROM nodes WHERE hash = (SELECT head_hash FROM turns WHERE call_id = ?)", callId(3));
  });
  const nodesBefore = (await harness.events(NODES_TOPIC)).length;
  const { stdout, code } = await runCommand(deriveCommand({}, NO_REDACTION), harness, {
    options: { again: true },
    kept: CALLS,
  });
  assert.equal(stdout, "Derived 3 calls again: 1 turns changed, 1 nodes new.\n");
  assert.equal(code, 0);
  const turns = harness.rows<StoredTurn>("turns");
  assert.deepEqual({ ...turns[1] }, { ...second, revision: 2 });
  assert.equal((await harness.events(NODES_TOPIC)).length, nodesBefore + 1);
  const events = (await harness.events(TURNS_TOPIC)).map(({ value }) => JSON.parse(value));
  assert.deepEqual(events.map(({ id, revision }) => [id, revision]), [[callId(1), 1], [callId(2), 1], [
    callId(3),
    1,
  ], [callId(2), 2]]);
});

Deno.test("derive --again enters calls that no row has yet, and keeps rows of calls it can't read", async () => {
  await using harness = await openHarness();
  await harness.derive(CALLS.slice(0, 1));
  const first = CALLS[0];
  assert.ok(first);
  const damaged = { ...first, meta: { ...first.meta, v: 2 as 1 } };
  const { stdout, code } = await runCommand(deriveCommand({}, NO_REDACTION), harness, {
    options: { again: true },
    kept: [damaged, ...CALLS.slice(1)],
  });
  assert.match(
    stdout,
    /^Derived 3 calls again: 2 turns changed, 4 nodes new, 1 could not be read and stay as they were; the first: Cannot /,
  );
  assert.equal(code, 1);
  assert.equal(harness.rows<StoredTurn>("turns")[0]?.reason, null);
});

Deno.test("derive says what to do without --again, and where nothing is kept", async () => {
  await using harness = await openHarness();
  await assert.rejects(runCommand(deriveCommand({}, NO_REDACTION), harness, {}), /derive --again/);
  const { stderr } = await runCommand(deriveCommand({}, NO_REDACTION), harness, { options: { again: true } });
  assert.match(stderr, /keep_calls/);
});
