import type { Sink } from "./io.ts";
import { styleFor } from "./style.ts";
import type { LeftOut } from "./usable_plugins.ts";

/** Says on `stderr` which plugins are missing from what was shown, a line for each. */
export async function warnOfLeftOut(stderr: Sink, leftOut: readonly LeftOut[]): Promise<void> {
  const style = styleFor(stderr);
  for (const { name, error } of leftOut) {
    await stderr.write(
      `${style.yellow("warning:")} the plugin ${name} is left out here: ${error.message}\n`,
    );
  }
}
