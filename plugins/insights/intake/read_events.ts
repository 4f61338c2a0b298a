import type * as z from "zod";
import { CATALOG, type InsightsTopic, type TopicName } from "../events/catalog.ts";
import { type CloudEvent, fromCloudEvent, isCloudEvent } from "../events/cloud_event.ts";
import { type Envelope, NO_TENANT } from "../events/envelope.ts";
import type { Caller } from "./caller.ts";
import { type Problem, Refusal } from "./refusal.ts";

/** What events are read with. */
export interface EventDefaults {
  /** Whose they are. */
  readonly caller: Caller;
  /** Named as the source where they name none. */
  readonly source: string;
  /** Milliseconds since 1970, for those that say no time. */
  readonly now: number;
  /** Makes an id for those that have none. */
  newId(): string;
}

/**
 * Reads events of one topic: envelopes, or CloudEvents in structured mode. `event_id`, `tenant_id`, `timestamp` and
 * `source` are filled in where they are absent.
 * @throws {Refusal} one of them is not as its type's schema says, or another tenant's.
 */
export function readEvents(
  topic: TopicName,
  items: readonly unknown[],
  defaults: EventDefaults,
  { types }: Pick<InsightsTopic, "types"> = CATALOG[topic],
): Envelope[] {
  const problems: Problem[] = [];
  const events = items.flatMap((item, at) => {
    const { event, found } = readEvent(types, item, defaults);
    problems.push(...found.map((problem) => ({ item: at, ...problem })));
    return event ?? [];
  });
  if (problems.length > 0) throw refused(problems, items.length);
  return events;
}

function refused(problems: readonly Problem[], items: number): Refusal {
  const [first] = problems;
  const where = [items > 1 ? `item ${first?.item}` : "", first?.field ?? ""].filter((each) => each !== "");
  const forbidden = problems.some(({ message }) => message === OTHER_TENANT);
  return new Refusal(
    forbidden ? 403 : 400,
    `${[...where, first?.message].join(": ")}; nothing of the request was taken`,
    problems,
  );
}

const OTHER_TENANT = "it is another tenant's than the caller's";

function readEvent(
  types: InsightsTopic["types"],
  item: unknown,
  { caller, source, now, newId }: EventDefaults,
): { event?: Envelope; found: Problem[] } {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    return { found: [{ message: "it must be an object" }] };
  }
  const given: Record<string, unknown> = isCloudEvent(item)
    ? { ...fromCloudEvent(item as CloudEvent) }
    : { ...item };
  const schema = typeof given.event_type === "string" ? types[given.event_type] : undefined;
  if (schema === undefined) {
    const known = Object.keys(types).map((type) => JSON.stringify(type)).join(", ");
    return { found: [{ field: "event_type", message: `it must be one of ${known}` }] };
  }
  const event = {
    ...given,
    event_id: given.event_id ?? newId(),
    tenant_id: given.tenant_id ?? caller.tenant ?? caller.named ?? NO_TENANT,
    timestamp: given.timestamp ?? new Date(now).toISOString(),
    source: given.source ?? source,
  };
  if (caller.tenant !== undefined && event.tenant_id !== caller.tenant) {
    return { found: [{ field: "tenant_id", message: OTHER_TENANT }] };
  }
  const { success, data, error } = schema.safeParse(event);
  return success ? { event: data as Envelope, found: [] } : { found: error.issues.map(problemOf) };
}

/** What zod found, as a person reads it. */
export function problemOf({ path, message }: Pick<z.core.$ZodIssue, "path" | "message">): Problem {
  const field = path.map(String).join(".");
  return { ...(field !== "" && { field }), message };
}
