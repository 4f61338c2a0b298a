import assert from "node:assert/strict";
import { receiveError, sendError } from "../../../../lib/plugin/isolation/sent_error.ts";

Deno.test("an error crosses with class, message, stack, fields and causes", () => {
  const cause = Object.assign(new RangeError("too far"), {
    code: "E_FAR",
    failure: "full",
    huge: { not: "sent" },
  });
  const error = new TypeError("no", { cause });
  const got = receiveError(structuredClone(sendError(error)));
  assert.ok(got instanceof TypeError);
  assert.equal(got.message, "no");
  assert.equal(got.stack, error.stack);
  assert.ok(got.cause instanceof RangeError);
  assert.deepEqual({ ...got.cause }, { code: "E_FAR", failure: "full" });
});

Deno.test("errors of classes of one's own keep their name, aggregates their errors, and the rest its text", () => {
  class Mine extends Error {
    override readonly name = "Mine";
  }
  const got = receiveError(sendError(new AggregateError([new Mine("a"), "b"], "both", { cause: 7 })));
  assert.ok(got instanceof AggregateError);
  assert.deepEqual(got.errors.map((each: Error) => [each.name, each.message]), [["Mine", "a"], [
    "Error",
    "b",
  ]]);
  assert.ok(got.cause instanceof Error && got.cause.message === "7");
  assert.equal(receiveError(sendError(undefined)).message, "undefined");
});

Deno.test("a cause that is its own cause is cut", () => {
  const error = new Error("round");
  error.cause = error;
  assert.ok(receiveError(sendError(error)).cause instanceof Error);
});
