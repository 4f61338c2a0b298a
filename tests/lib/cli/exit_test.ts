import assert from "node:assert/strict";
import { EXIT, exitCodeOf, OutputClosed, UsageError } from "../../../lib/cli/exit.ts";
import { ConfigError } from "../../../lib/config/problem.ts";

class Unusable extends Error {
  readonly exitCode = 78;
}

Deno.test("exitCodeOf() tells usage, configuration and failure apart", () => {
  const loop = new Error("round and round");
  loop.cause = loop;
  const codes = [
    new OutputClosed(),
    new UsageError("x"),
    new ConfigError("x"),
    new Unusable("x"),
    new Error("Cannot start plugin p", { cause: new Error("y", { cause: new Unusable("x") }) }),
    new Error("x", { cause: { exitCode: 78 } }),
    Object.assign(new Error("x"), { exitCode: 3 }),
    loop,
    "x",
  ].map(exitCodeOf);
  assert.deepEqual(codes, [EXIT.ok, EXIT.usage, 78, 78, 78, 1, 1, 1, 1]);
});
