import assert from "node:assert/strict";
import { storedToRfc3339, timeText } from "../../../../plugins/tapes/ledger/time_text.ts";

Deno.test("timeText() writes tapes' two forms, trailing zeros cut", () => {
  const ms = Date.UTC(2026, 10, 20, 23, 16, 26);
  assert.deepEqual(timeText(ms + 542.957), {
    stored: "2026-11-20 23:16:26.542957+00:00",
    rfc3339: "2026-11-20T23:16:26.542957Z",
  });
  assert.equal(timeText(ms).stored, "2026-11-20 23:16:26+00:00");
  assert.equal(timeText(ms + 120).rfc3339, "2026-11-20T23:16:26.12Z");
});

Deno.test("timeText() puts the messages of one moment in their order", () => {
  const ms = Date.UTC(2026, 10, 20, 23, 16, 26, 999) + 0.9996;
  const texts = [0, 1, 2, 999].map((nth) => timeText(ms, nth).stored);
  assert.deepEqual(texts.toSorted(), texts);
  assert.equal(texts[1], "2026-11-20 23:16:27.000000001+00:00");
});

Deno.test("storedToRfc3339() reads tapes' and SQLite's own times", () => {
  assert.equal(storedToRfc3339("2026-11-20 23:16:26.54295691+00:00"), "2026-11-20T23:16:26.54295691Z");
  assert.equal(storedToRfc3339("2026-11-20 23:16:26"), "2026-11-20T23:16:26Z");
  assert.equal(storedToRfc3339("2026-11-20 23:16:26.5+02:00"), "2026-11-20T23:16:26.5+02:00");
  assert.equal(storedToRfc3339("soon"), "soon");
});
