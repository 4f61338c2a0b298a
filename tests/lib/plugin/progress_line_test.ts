import assert from "node:assert/strict";
import { ProgressLine, renderProgress } from "../../../lib/plugin/progress_line.ts";

Deno.test("renderProgress() shows a part of a whole, and fits the terminal", () => {
  assert.equal(
    renderProgress({ what: "importing", done: 1000, total: 3000 }, 80),
    "importing [########----------------] 33%  1,000 of 3,000",
  );
  assert.equal(renderProgress({ what: "importing", done: 1000, total: 3000 }, 20).length, 19);
  assert.equal(renderProgress({ what: "reading", done: 1_234_567 }, 80), "reading  1,234,567");
});

Deno.test("a progress line is drawn ten times a second at most, is wiped, and is silent off a terminal", async () => {
  for (const isTerminal of [true, false]) {
    let text = "", now = 0;
    const output = {
      isTerminal,
      columns: 80,
      write(part: string) {
        text += part;
        return Promise.resolve();
      },
    };
    {
      await using line = new ProgressLine(output, () => now);
      for (const at of [0, 50, 100]) {
        now = at;
        await line.show({ what: "reading", done: at });
      }
    }
    assert.equal(text, isTerminal ? "\rreading  0\x1b[K\rreading  100\x1b[K\r\x1b[K" : "");
  }
});
