import assert from "node:assert/strict";
import fc from "fast-check";
import { DURATION_PATTERN, formatDuration, parseDuration } from "../../../lib/config/duration.ts";

Deno.test("parseDuration() reads what formatDuration() writes", () => {
  fc.assert(fc.property(fc.oneof(fc.maxSafeNat(), fc.constant(Infinity)), (milliseconds) => {
    assert.equal(parseDuration(formatDuration(milliseconds)), milliseconds);
  }));
});

Deno.test("parseDuration() takes numbers with a unit, fractions, a bare 0 and forever", () => {
  const expected: Record<string, number> = {
    "250ms": 250,
    "30s": 30_000,
    "5m": 300_000,
    "1.5h": 5_400_000,
    "7d": 604_800_000,
    "0": 0,
    "0s": 0,
    forever: Infinity,
  };
  for (const [text, milliseconds] of Object.entries(expected)) {
    assert.equal(parseDuration(text), milliseconds, text);
  }
});

Deno.test("parseDuration() refuses everything else", () => {
  for (
    const text of [
      "",
      "5",
      "5 s",
      "-5s",
      "5w",
      "s",
      "1e3s",
      ".5s",
      "5.s",
      "1h30m",
      "Infinity",
      "99999999999d",
    ]
  ) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

Deno.test("DURATION_PATTERN matches what parseDuration() takes", () => {
  const pattern = new RegExp(`^(?:${DURATION_PATTERN}|forever)$`);
  const texts = fc.oneof(fc.stringMatching(/^[0-9]{0,3}(\.[0-9]{0,2})?(ms|s|m|h|d|w|y)?$/), fc.string());
  fc.assert(fc.property(texts, (text) => {
    assert.equal(parseDuration(text) !== undefined, pattern.test(text), text);
  }));
});
