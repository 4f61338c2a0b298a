import { type Entry, type EntryDefaults, entrySchema, takenEntry } from "./entry.ts";
import { redactEntry } from "./redact_entry.ts";
import { type Problem, Refusal } from "./refusal.ts";

const OTHER_TENANT = "it is another tenant's than the caller's";

/**
 * Reads entries: all of them or none.
 * @throws {Refusal} 400, or 403 where one is another tenant's: says which field of which entry.
 */
export function readEntries(items: readonly unknown[], defaults: EntryDefaults): Entry[] {
  const problems: Problem[] = [];
  const entries = items.flatMap((item, at) => {
    const { success, data, error } = entrySchema.safeParse(item);
    if (success && defaults.only !== undefined && (data.tenant ?? defaults.only) !== defaults.only) {
      problems.push({ item: at, field: "tenant", message: OTHER_TENANT });
      return [];
    }
    if (success) return [takenEntry(redactEntry(data, defaults.redact), defaults)];
    for (const { path, message } of error.issues) {
      const field = path.map(String).join(".");
      problems.push({ item: at, ...(field !== "" && { field }), message });
    }
    return [];
  });
  const [first] = problems;
  if (!first) return entries;
  const where = [items.length > 1 ? `entry ${first.item}` : "", first.field ?? ""].filter(Boolean);
  throw new Refusal(
    problems.some(({ message }) => message === OTHER_TENANT) ? 403 : 400,
    `${[...where, first.message].join(": ")}; nothing of the request was taken`,
    problems,
  );
}
