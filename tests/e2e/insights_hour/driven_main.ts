/**
 * The program on a clock that a test drives: what plugins ask for the time of is told over HTTP, and stands still
 * meanwhile. Everything else is as in `main.ts`; leases, timeouts and retention go by the machine's clock.
 */
import { main } from "../../../lib/cli/main.ts";
import { DrivenClock } from "../../../lib/testing/driven_clock.ts";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { CLOCK_VARIABLE } from "./driven_clock_of.ts";

const clock = new DrivenClock({ now: Number(Deno.env.get(CLOCK_VARIABLE)), maySkip: () => false });

function driven(plugin: Plugin): Plugin {
  return {
    ...plugin,
    setup: (ctx, config) =>
      plugin.setup({
        ...ctx,
        now: () => clock.now(),
        // Whichever comes first: what rests for some milliseconds of real work must not wait for the test.
        sleep: (ms, signal) => Promise.race([clock.sleep(ms, signal), ctx.sleep(ms, signal)]),
      }, config),
  };
}

if (Deno.args[0] === "run") {
  Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: ({ port }) => console.error(`clock: http://127.0.0.1:${port}`),
  }, async (request) => {
    const now = Number(await request.text());
    // Each sleeper wakes at its own moment, as in life.
    while (clock.step(now));
    return new Response();
  });
} else {
  // A command takes the time from the machine.
  Date.now = () => clock.now();
}

const plugins = async () => (await import("../../../plugins/mod.ts")).plugins.map(driven);

Deno.exit(await main({ argv: Deno.args, plugins }));
