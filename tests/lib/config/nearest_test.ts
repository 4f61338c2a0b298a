import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, nearest } from "../../../lib/config/nearest.ts";

Deno.test("editDistance() counts added, dropped, changed and swapped letters", () => {
  assert.equal(editDistance("upstream", "upstream"), 0);
  assert.equal(editDistance("upstream", "upsteam"), 1);
  assert.equal(editDistance("upstream", "upstraem"), 1);
  assert.equal(editDistance("kafka", "kavka"), 1);
  assert.equal(editDistance("", "abc"), 3);
});

Deno.test("editDistance() is a distance: symmetric, and 0 for the same text alone", () => {
  const words = fc.stringMatching(/^[abc]{0,6}$/);
  fc.assert(fc.property(words, words, (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.equal(editDistance(a, b) === 0, a === b);
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
  }));
});

Deno.test("nearest() finds a slip of the fingers and leaves other words alone", () => {
  const known = ["listen", "token", "hosts", "level"];
  assert.equal(nearest("lisen", known), "listen");
  assert.equal(nearest("tokne", known), "token");
  assert.equal(nearest("colour", known), undefined);
  assert.equal(nearest("x", []), undefined);
});
