import assert from "node:assert/strict";
import type { Agent } from "../agent.ts";

/** Where its clock stands when the program starts, in milliseconds since 1970. */
export const CLOCK_VARIABLE = "HOUR_CLOCK";

/** The program as `driven_main.ts` starts it. */
export const DRIVEN_MAIN: URL = new URL("./driven_main.ts", import.meta.url);

/** Moves the clocks of agents to a time in milliseconds since 1970. */
export async function moveClocks(agents: readonly Agent[], ms: number): Promise<void> {
  await Promise.all(agents.map(async (agent) => {
    const origin = /^clock: (http:\S+)$/m.exec(agent.said())?.[1];
    assert.ok(origin, agent.said());
    const response = await fetch(origin, { method: "POST", body: String(ms) });
    await response.body?.cancel();
  }));
}
