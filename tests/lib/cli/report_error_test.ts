import assert from "node:assert/strict";
import { reportError } from "../../../lib/cli/report_error.ts";
import { styleFor } from "../../../lib/cli/style.ts";

const style = styleFor({ colours: false });

Deno.test("reportError() is one paragraph, and says how to see the causes", () => {
  const error = new Error("Cannot open x: it is locked", { cause: new Error("SQLITE_BUSY") });
  assert.equal(
    reportError(error, { debug: false, style }),
    "error: Cannot open x: it is locked\n(--debug lists the causes)\n",
  );
  assert.equal(reportError(new Error("Cannot open x"), { debug: false, style }), "error: Cannot open x\n");
});

Deno.test("reportError() lists every cause with debug, those of an AggregateError too, each once", () => {
  const deepest = new Error("refused");
  const error = new Error("top", {
    cause: new AggregateError(
      [new Error("one", { cause: deepest }), new Error("two", { cause: deepest })],
      "both",
    ),
  });
  const text = reportError(error, { debug: true, style });
  assert.deepEqual(text.match(/because: .*/g), [
    "because: both",
    "because: one",
    "because: refused",
    "because: two",
  ]);
});

Deno.test("reportError() ends on causes that go in circles", () => {
  const error = new Error("a");
  error.cause = new Error("b", { cause: error });
  assert.match(reportError(error, { debug: true, style }), /because: b/);
});

Deno.test("reportError() lets no control character through to the terminal", () => {
  assert.equal(
    reportError(new Error("upstream said \x1b[2Jhello\x07"), { debug: false, style }),
    "error: upstream said \ufffd[2Jhello\ufffd\n",
  );
});

Deno.test("reportError() copes with what is no Error", () => {
  assert.equal(reportError("plain", { debug: true, style }), "error: plain\n");
  assert.equal(reportError(undefined, { debug: true, style }), "error: undefined\n");
  assert.equal(reportError(new TypeError(""), { debug: false, style }), "error: TypeError\n");
});
