import type { PluginCommand, Redaction } from "capstan";
import type { ParseOptions } from "../parse/call.ts";
import { grouped } from "./text.ts";

/** `capstan derive --again`. */
export const deriveCommand = (limits: ParseOptions, redact: Redaction): PluginCommand => ({
  path: "derive",
  doc: "Derive the kept raw calls again, with the parsers of today (see keep_calls).",
  options: [{ flags: "--again", doc: "Do it." }],
  examples: ["capstan derive --again"],
  async run(call) {
    if (call.options.again !== true) {
      throw new Error(
        "Cannot derive: new calls are derived by the agent itself; `derive --again` derives kept ones again",
      );
    }
    // The parsers are loaded where they are used: `--help` must be quick.
    const { deriveAgain } = await import("./derive_again.ts");
    await using progress = call.progress();
    const derived = await deriveAgain(
      call,
      limits,
      redact,
      ({ calls }) => progress.show({ what: "deriving again", done: calls }),
    );
    await progress[Symbol.asyncDispose]();
    const { calls, turns, nodes, failed, reason } = derived;
    if (calls === 0) {
      await call.stderr.write("No raw call is kept; set plugins.tapes.keep_calls to keep them.\n");
      return;
    }
    await call.stdout.write(
      `Derived ${grouped(calls)} calls again: ${grouped(turns)} turns changed, ${grouped(nodes)} nodes new` +
        (failed > 0
          ? `, ${grouped(failed)} could not be read and stay as they were; the first: ${reason}\n`
          : ".\n"),
    );
    return failed > 0 ? 1 : 0;
  },
});
