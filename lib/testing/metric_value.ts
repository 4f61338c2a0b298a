import type { Labels } from "../telemetry/metrics.ts";

/**
 * The sum of a metric's series that have these labels, out of Prometheus' text format; `undefined` where there is none.
 */
export function metricValue(text: string, name: string, labels: Labels): number | undefined {
  let sum: number | undefined;
  for (const line of text.split("\n")) {
    const [, series, inside = "", value] = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (series !== name) continue;
    const found = new Map(
      [...inside.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", quoted = ""]) =>
        [label, unquoted(quoted)] as const
      ),
    );
    if (Object.entries(labels).every(([label, wanted]) => found.get(label) === wanted)) {
      sum = (sum ?? 0) + Number(value);
    }
  }
  return sum;
}

function unquoted(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped) => escaped === "n" ? "\n" : escaped);
}
