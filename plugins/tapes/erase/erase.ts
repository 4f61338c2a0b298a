import type { EraseHandler, Erasure, Redaction } from "capstan";
import { CALLS_TOPIC } from "../call.ts";
import { readCall } from "../derive/read_call.ts";
import { NODES_TOPIC } from "../derive/node_event.ts";
import { parseOptions } from "../derive/parse_options.ts";
import { TURNS_TOPIC } from "../derive/turn_event.ts";
import type { Settings } from "../settings.ts";
import { eraseBlobs } from "./erase_blobs.ts";
import { eraseTurns } from "./erase_turns.ts";
import { callIsSubjects } from "./call_is_subjects.ts";
import { isSubject } from "./subject_turns.ts";

/** Nodes that no turn of ours made name nobody. */
const FOREIGN = "Nodes imported from tapes: they name no user.";

/**
 * Removes a subject from what tapes keeps: kept calls and events first, for the ledger tells whose they are, then the
 * turns with the nodes that lead to them alone.
 */
export function eraseFromTapes(
  settings: Pick<Settings, "capture_limit">,
  redact: Redaction,
): EraseHandler {
  // The parsers are loaded where they are used: every command sets this plugin up.
  return async (erasure) => {
    const { parseCall } = await import("../parse/call.ts");
    const { subject, store } = erasure;
    const limits = parseOptions(settings);
    const parse = (call: Parameters<typeof parseCall>[0]) => parseCall(call, limits);
    const calls = await erasure.emptyRecords(
      CALLS_TOPIC,
      ({ value }, db) => callIsSubjects(db, readCall(value, redact), { subject, parse, redact }),
    );
    const turnEvents = await erasure.emptyRecords(
      TURNS_TOPIC,
      ({ data }) => isSubject(subject, turnOf(data)),
    );
    const { turns, nodes } = await eraseTurns(erasure);
    const nodeEvents = await eraseNodeEvents(erasure);
    const blobs = await eraseBlobs(erasure);
    const imported = store.read((db) => db.get("SELECT 1 FROM tapes_tree WHERE at IS NOT NULL LIMIT 1"));
    return {
      removed: { turns, nodes, prompts: blobs, calls, events: turnEvents + nodeEvents },
      ...(imported !== undefined && { beyond: [FOREIGN] }),
    };
  };
}

/** Events of nodes that are stored no more. */
function eraseNodeEvents({ emptyRecords }: Erasure): Promise<number> {
  return emptyRecords(NODES_TOPIC, ({ data }, db) => {
    const hash = nodeOf(data);
    return hash !== undefined && db.get("SELECT 1 FROM nodes WHERE hash = ?", hash) === undefined;
  });
}

function turnOf(data: unknown): Parameters<typeof isSubject>[1] {
  return typeof data === "object" && data !== null ? data : {};
}

function nodeOf(data: unknown): string | undefined {
  const { node } = (typeof data === "object" && data !== null ? data : {}) as { node?: { hash?: unknown } };
  return typeof node?.hash === "string" ? node.hash : undefined;
}
