import type { MadeMetric } from "./meter.ts";

/** A Markdown table of metrics, for a README. */
export function metricsTable(metrics: readonly MadeMetric[]): string {
  const rows = metrics.map(({ name, kind, labels, help }) => {
    const names = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${kind} | ${names} | ${help.replaceAll("|", "\\|")} |`;
  });
  return ["| Metric | Kind | Labels | What it says |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}
