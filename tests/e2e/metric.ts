import type { Agent } from "./agent.ts";

/** The sum of a metric over its labels. */
export async function metric(agent: Pick<Agent, "admin">, name: string): Promise<number> {
  const text = await (await fetch(`${agent.admin}/metrics`)).text();
  const values = text.split("\n").filter((line) =>
    line.startsWith(`${name} `) || line.startsWith(`${name}{`)
  );
  return values.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
