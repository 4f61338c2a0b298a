import type { Settings } from "../settings.ts";
import { DEFAULT_RULES, type RuleSettings } from "./default_rules.ts";
import { type Member, MEMBERS, type Rule, type RuleKind, SOURCES } from "./rule.ts";

const DEFAULT_WINDOW_MS = 15 * 60_000;
const DEFAULT_LATENESS_MS = 60_000;
/** Panes of a window at most: each is read where a window may be an insight. */
const MOST_PANES = 1_000;

/** What some kinds always tell apart. */
const ALWAYS_BY: Partial<Record<RuleKind, readonly Member[]>> = {
  failing_tool: ["tool"],
  loop: ["tool", "conversation"],
};
const KINDS_WITH_BASELINE: ReadonlySet<RuleKind> = new Set(["satisfaction", "cost"]);
const KINDS_BY_TOOL: ReadonlySet<RuleKind> = new Set(["satisfaction", "failing_tool", "loop"]);

/**
 * The rules that hold, by name.
 * @throws {Error} one of them can't be; says which key, and what to do.
 */
export function readRules({ rules, default_rules }: Pick<Settings, "rules" | "default_rules">): Rule[] {
  const builtIn = default_rules ? Object.keys(DEFAULT_RULES) : [];
  const names = [...new Set([...builtIn, ...Object.keys(rules)])].sort();
  return names.flatMap((name) => {
    const given = rules[name];
    const settings = over(default_rules ? DEFAULT_RULES[name] : undefined, given);
    return settings.enabled === false ? [] : [ruleOf(name, settings)];
  });
}

/** What is given, over what holds where nothing is; an empty list says nothing. */
function over(base: Partial<RuleSettings> = {}, given: Partial<RuleSettings> = {}): Partial<RuleSettings> {
  const said = Object.entries(given).filter(([, value]) =>
    value !== undefined && !(Array.isArray(value) && value.length === 0)
  );
  return { ...base, ...Object.fromEntries(said) };
}

function ruleOf(name: string, settings: Partial<RuleSettings>): Rule {
  const refuse = (key: string, why: string): never => {
    throw new Error(`Cannot take plugins.insights.rules.${name}.${key}: ${why}`);
  };
  const kind = settings.kind ??
    refuse("kind", `it is not set, and no built-in rule that holds has this name; set one of ${KINDS}`);
  const latenessMs = settings.lateness ?? DEFAULT_LATENESS_MS;
  const by = membersOf(kind, settings.by ?? [], refuse);
  const { severity = "warning", min_samples: minSamples = 1 } = settings;
  const shared = { name, kind, severity, latenessMs, by, minSamples };
  if (kind === "silence") {
    for (const key of NOT_OF_SILENCE) {
      if (settings[key] !== undefined) refuse(key, "silence goes by `after` alone; remove this key");
    }
    const after = settings.after ?? refuse("after", 'it is not set; set how long nothing may come, as "2h"');
    if (latenessMs > after) {
      refuse("lateness", `it is longer than after; set it to ${after / 1000}s or less`);
    }
    return { ...shared, threshold: after / 1000, windowMs: after, slideMs: after, baselineSamples: 1 };
  }
  if (settings.after !== undefined) refuse("after", "it is for rules of kind silence; remove it");
  const threshold = settings.threshold ??
    refuse("threshold", "it is not set; set the value from which on it is an insight");
  const absolute = kind === "satisfaction" && settings.baseline === undefined;
  if (!absolute && threshold <= 0) refuse("threshold", `it is ${threshold}; set one above 0`);
  if (absolute && Math.abs(threshold) > 1) {
    refuse("threshold", `it is ${threshold}; set one from -1 to 1, as ratings are`);
  }
  if (kind === "error_rate" && threshold > 1) {
    refuse("threshold", `it is ${threshold}; set the share of calls that fail, above 0 and up to 1`);
  }
  const windowMs = settings.window ?? DEFAULT_WINDOW_MS;
  const slideMs = settings.slide ?? windowMs;
  if (windowMs % slideMs !== 0) {
    refuse(
      "slide",
      `${slideMs / 1000}s is no whole part of the window, ${windowMs / 1000}s; set one that is`,
    );
  }
  if (windowMs / slideMs > MOST_PANES) {
    refuse("slide", `the window is more than ${MOST_PANES} times as long; set a longer slide`);
  }
  const baselineMs = settings.baseline;
  if (baselineMs !== undefined) {
    if (!KINDS_WITH_BASELINE.has(kind)) {
      refuse("baseline", `rules of kind ${kind} have none; remove it, and set the threshold`);
    }
    if (baselineMs < windowMs) refuse("baseline", "it is shorter than the window; set a longer one");
  }
  const baselineSamples = settings.baseline_samples ?? minSamples;
  return { ...shared, threshold, windowMs, slideMs, baselineMs, baselineSamples };
}

const KINDS = Object.keys(SOURCES).join(", ");
const NOT_OF_SILENCE = [
  "threshold",
  "window",
  "slide",
  "baseline",
  "baseline_samples",
  "min_samples",
] as const;

function membersOf(
  kind: RuleKind,
  by: readonly string[],
  refuse: (key: string, why: string) => never,
): Member[] {
  const wanted = new Set<string>([...by, ...ALWAYS_BY[kind] ?? []]);
  for (const each of by) {
    if (!["tenant", "model", "agent", "tool"].includes(each)) {
      refuse("by", `${JSON.stringify(each)} is nothing to group by; use tenant, model, agent or tool`);
    }
    if (each === "tool" && !KINDS_BY_TOOL.has(kind)) {
      refuse("by", `what rules of kind ${kind} read names no tool; remove "tool"`);
    }
  }
  return MEMBERS.filter((each) => wanted.has(each));
}
