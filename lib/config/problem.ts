/** Where a value comes from. Lines and columns count from 1. */
export type Place =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: "env"; readonly name: string }
  /** `name` with its dashes: `--sqlite`. */
  | { readonly kind: "flag"; readonly name: string }
  /** A command that was given the value: `config set`. */
  | { readonly kind: "command"; readonly name: string };

/** One thing wrong with a configuration. */
export interface Problem {
  /** Where the value, or the unknown key, stands. */
  readonly place: Place;
  /** The full key, as `store.sqlite`; the alias where the file uses that; empty where a file is no TOML at all. */
  readonly key: string;
  /** What is wrong, to be read behind the key: `is "loud"`. Never shows a secret. */
  readonly wrong: string;
  /** What is allowed, or what to do: `it must be true or false`. */
  readonly allowed: string;
  /** The known key, or value, that is most like the one given. */
  readonly nearest?: string;
}

/** A place as it is shown beside an effective value: `default`, `FILE:LINE`, `env NAME`, `flag --x`. */
export function sourceText(place: Place): string {
  switch (place.kind) {
    case "default":
      return "default";
    case "file":
      return `${place.file}:${place.line}`;
    case "env":
      return `env ${place.name}`;
    case "flag":
      return `flag ${place.name}`;
    case "command":
      return place.name;
  }
}

/** A place as it stands before a problem, the way editors and terminals follow: `FILE:LINE:COLUMN`. */
export function placeText(place: Place): string {
  return place.kind === "file" ? `${place.file}:${place.line}:${place.column}` : sourceText(place);
}

/** A problem in one line. */
export function problemText(problem: Problem): string {
  const what = [problem.key, problem.wrong].filter((part) => part !== "").join(" ");
  const ask = problem.nearest === undefined ? "" : `; did you mean ${problem.nearest}?`;
  return `${placeText(problem.place)}: ${what}; ${problem.allowed}${ask}`;
}

/** The exit code of a configuration that can't be used (EX_CONFIG of sysexits.h). */
export const CONFIG_EXIT_CODE = 78;

/** A configuration that can't be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** What the process ends with. */
  readonly exitCode = CONFIG_EXIT_CODE;
  /** Everything that is wrong, in the order of the places; empty where it is not about settings (trust). */
  readonly problems: readonly Problem[];

  /** With problems, `message` is what can't be done; the problems are added line by line. */
  constructor(message: string, problems: readonly Problem[] = [], options?: ErrorOptions) {
    super([message, ...problems.map((problem) => `  ${problemText(problem)}`)].join("\n"), options);
    this.problems = problems;
  }
}

/** The error of a configuration with these problems. */
export function configError(problems: readonly Problem[], options?: ErrorOptions): ConfigError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new ConfigError(`Cannot use the configuration: ${count}`, sorted(problems), options);
}

function sorted(problems: readonly Problem[]): Problem[] {
  const line = (place: Place) => place.kind === "file" ? place.line : Number.MAX_SAFE_INTEGER;
  return [...problems].sort((a, b) => line(a.place) - line(b.place));
}
