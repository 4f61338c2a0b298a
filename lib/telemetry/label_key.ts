import type { Labels } from "./metrics.ts";

/** One text for each combination of these labels' values. */
export function labelKey(names: readonly string[], labels: Labels | undefined): string {
  let key = labels?.[names[0] ?? ""] ?? "";
  for (let at = 1; at < names.length; at++) key += `\u0000${labels?.[names[at]!] ?? ""}`;
  return key;
}

/** These labels alone; one that is missing is empty. */
export function onlyLabels(names: readonly string[], labels: Labels | undefined): Labels {
  return Object.fromEntries(names.map((name) => [name, labels?.[name] ?? ""]));
}
