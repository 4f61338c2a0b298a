import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openTestAgent } from "capstan/testing";
import fc from "fast-check";
import audit from "../../../../plugins/audit/mod.ts";
import { partInputs } from "../../../../plugins/audit/intake/part_inputs.ts";
import { closeInputs, openInputs } from "../../../../plugins/audit/intake/seal_inputs.ts";
import { openKeyring } from "../../../../plugins/audit/seal/open_keyring.ts";
import type { RecordInput } from "../../../../plugins/audit/trail/record_input.ts";
import { folderOf, openedRecords } from "../opened.ts";
import { assertChained } from "../trail/chained.ts";

const TAKEN = 1_700_000_000_123;
const keyring = { intake: new Uint8Array(randomBytes(32)) };

function input(number: number, characters: number): RecordInput {
  return { kind: "log", tenant: "t", facts: { number, text: "x".repeat(characters) } };
}

Deno.test("partInputs() parts what is too large, losing and turning nothing, and leaves the rest alone", () => {
  const sizes = fc.oneof(
    fc.array(fc.oneof(fc.nat(50), fc.constantFrom(5_000, 40_000, 300_000)), { maxLength: 600 }),
    fc.array(fc.integer({ min: 900, max: 1_100 }), { minLength: 300, maxLength: 400 }),
  );
  fc.assert(
    fc.property(sizes, (each) => {
      const inputs = each.map((characters, number) => input(number, characters));
      const parts = partInputs(inputs, keyring).map((part) => openInputs(part, keyring));
      const length = inputs.reduce((sum, one) => sum + JSON.stringify(one).length, 0);
      assert.equal(parts.length > 0, inputs.length > 1 && (inputs.length > 256 || length > 256 * 1024));
      if (parts.length === 0) return;
      assert.deepEqual(parts.flat(), inputs);
      for (const part of parts) {
        assert.ok(part.length <= 64);
        assert.ok(part.length === 1 || JSON.stringify(part).length <= 33 * 1024);
        assert.deepEqual(partInputs(part, keyring), [], "a part is not parted again");
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("a list of 3,000 entries is entered whole, once and in its order, in many transactions", async () => {
  await using agent = await openTestAgent(audit, { config: { api: { max_items: 3_000 } } });
  const entries = Array.from({ length: 3_000 }, (_, at) => ({
    user_id: `user-${at % 7}`,
    model: "m",
    prompt: `Question ${at}`,
    response: "",
    request_id: `r-${at}`,
  }));
  const response = await agent.request("POST", "/v1/audit", entries);
  assert.equal(response.status, 202);
  const { ids } = await response.json();
  await agent.settled();
  assertChained(agent, 3_000);
  const records = await openedRecords(agent);
  assert.deepEqual(records.map(({ record }) => record.facts.id), ids);
  assert.deepEqual(records.map(({ content }) => content?.prompt), entries.map(({ prompt }) => prompt));
  const bundles = agent.outputs("audit.intake.v1").length;
  assert.equal(bundles, 2 + Math.ceil(3_000 / 64), "the signing key's, the list, and its parts");
});

Deno.test("parts are of the moment when their list was taken, so that who is erased meanwhile stays so", async () => {
  await using agent = await openTestAgent(audit);
  const keyring = await openKeyring(agent.store, { folder: join(folderOf(agent), "audit") });
  const inputs = Array.from({ length: 300 }, (_, at) => input(at, 10));
  await agent.deliver("audit.intake.v1", [{
    value: closeInputs(inputs, keyring),
    timestamp: 1_700_000_000_123,
  }]);
  await agent.settled();
  assertChained(agent, 300);
  const [key, ...parts] = agent.outputs("audit.intake.v1").map(({ timestamp }) => timestamp);
  assert.notEqual(key, TAKEN);
  assert.deepEqual(parts, Array(5).fill(TAKEN));
});
