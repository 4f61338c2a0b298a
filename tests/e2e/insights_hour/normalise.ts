import type { Contents, HourEvent } from "./contents.ts";

/** What differs from run to run, and what stands for it in the golden files. */
interface Names {
  readonly words: ReadonlyMap<string, string>;
  readonly baseMs: number;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
/** How long the script's time is. */
const SCRIPT_MS = 10 * 60 * 60_000;

/**
 * Events with names for the ids that differ from run to run, and times as minutes of the script; others, which there
 * must be none of, as `TIME`; by tenant, turn and place, for the order of different conversations is nobody's promise.
 */
export function normalised(contents: Contents, { baseMs }: { baseMs: number }): Record<string, unknown[]> {
  const names: Names = { words: wordsOf(contents), baseMs };
  return Object.fromEntries(
    Object.entries(contents).map(([topic, events]) => [
      topic,
      events.map((event) => plain(event, names)).map((event) => ({ event, text: JSON.stringify(event) }))
        .sort((a, b) => a.text < b.text ? -1 : 1).map(({ event }) => event),
    ]),
  );
}

/** Turns are called as their calls in the script, conversations and spans by their turns. */
function wordsOf(contents: Contents): Map<string, string> {
  const words = new Map<string, string>();
  const spans = contents["agent-trace-events"];
  const turns = spans.filter(({ event_type, tenant_id }) =>
    event_type === "trace.turn" && tenant_id !== "desk"
  ).sort((a, b) => text(a, "started_at") < text(b, "started_at") ? -1 : 1);
  turns.forEach((turn, at) => {
    const name = `turn-${String(at + 1).padStart(2, "0")}`;
    words.set(text(turn, "turn_id"), name);
    words.set(text(turn, "span_id"), `span of ${name}`);
    for (const shared of ["conversation", "trace_id"]) {
      if (!words.has(text(turn, shared))) words.set(text(turn, shared), `${shared} of ${name}`);
    }
  });
  for (const span of spans) {
    if (span.event_type === "trace.tool" && span.tenant_id !== "desk") {
      words.set(text(span, "span_id"), `span of ${text(span, "tool_call_id")}`);
    }
  }
  return words;
}

function text({ data }: HourEvent, member: string): string {
  return String(data[member]);
}

function plain(event: HourEvent, names: Names): unknown {
  const { event_id, tenant_id, event_type, ...rest } = event;
  // Ids that were not given follow from the turn's, which is new each time.
  const own = /^evt-(?![0-9a-f]{32}$)/.test(event_id) ? event_id : "evt-…";
  return walk({ tenant_id, event_type, ...rest, event_id: own }, names);
}

function walk(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return value.map((each) => walk(each, names));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each, names)]));
  }
  if (typeof value !== "string") return value;
  if (TIME.test(value)) return timeOf(value, names);
  if (/^ins-[0-9a-f]{32}$/.test(value)) return "ins-…";
  return names.words.get(value) ??
    value.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "UPSTREAM")
      .replaceAll(/(\d{4}-\d\d-\d\d) (\d\d:\d\d)/g, (_all, day, at) => timeOf(`${day}T${at}:00Z`, names));
}

function timeOf(value: string, { baseMs }: Names): string {
  const ms = Date.parse(value) - baseMs;
  return ms >= 0 && ms <= SCRIPT_MS ? `${ms / 60_000} min` : "TIME";
}
