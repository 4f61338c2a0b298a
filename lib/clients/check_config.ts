import type * as z from "zod";
import { nearest } from "../config/nearest.ts";
import { ClientConfigError } from "./config_error.ts";

type Issue = z.core.$ZodIssue;

/**
 * What `schema` makes of what was given.
 * @throws {ClientConfigError} something is wrong; `what` completes "Cannot use …".
 */
export function checkConfig<T>(what: string, schema: z.ZodType<T>, given: unknown, known: KnownKeys): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ClientConfigError(what, result.error.issues.flatMap((issue) => problemsOf(issue, known)));
}

/** The keys of a configuration; by the key of a table in it, and `""` for its own. */
export type KnownKeys = Readonly<Record<string, readonly string[]>>;

function problemsOf(issue: Issue, known: KnownKeys): string[] {
  const path = issue.path.map(String);
  if (issue.code !== "unrecognized_keys") return [`${path.join(".") || "it"} ${issue.message}`];
  const keys = known[path.join(".")] ?? [];
  return issue.keys.map((key) => {
    const like = nearest(key, keys);
    const name = [...path, key].join(".");
    return like === undefined
      ? `${name} is not known; known are ${keys.join(", ")}`
      : `${name} is not known; did you mean ${[...path, like].join(".")}?`;
  });
}
