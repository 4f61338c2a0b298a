import type { EraseHandler, Erasure, ErasureSubject, Reader, Transaction } from "capstan";
import { readJson } from "capstan/json";
import { CATALOG, type TopicName } from "./events/catalog.ts";
import { NO_TENANT } from "./events/envelope.ts";
import { topicName } from "./events/topics.ts";
import { nameOfTarget, namesOfTurn } from "./feedback/turn_name.ts";
import type { TurnSpan } from "./events/traces.ts";
import type { FeedbackData } from "./events/feedback.ts";
import type { Settings } from "./settings.ts";

/** Rows changed in one transaction. */
const AT_ONCE = 200;

/** Whose a turn's span is: who is not named is known by the API key. */
const WHO = "coalesce(json_extract(span, '$.user'), 'key:' || json_extract(span, '$.api_key_fingerprint'))";

/** What is known of the subject: the turns, and whatever they are named by. */
interface Subject extends ErasureSubject {
  readonly turns: ReadonlySet<string>;
  /** `node:…`, `response:…`; a root may be shared, so that it names nobody. */
  readonly names: ReadonlySet<string>;
}

/**
 * Removes a subject from what insights keep: events of the nine topics, turns, feedback and tool calls that wait, and
 * the nodes that open insights and windows show. Figures that were counted together with others' stay.
 */
export function eraseFromInsights(settings: Pick<Settings, "topic_prefix">): EraseHandler {
  return async (erasure) => {
    const { store, signal } = erasure;
    const subject = store.read((db) => known(db, erasure.subject));
    let events = 0;
    for (const name of Object.keys(CATALOG) as TopicName[]) {
      events += await erasure.emptyRecords(topicName(settings, name), ({ data }) => isAbout(subject, data));
    }
    const removed: Record<string, number> = { events };
    const evidence = await eraseEvidence(erasure, subject);
    // Those last by which the subject's turns are found.
    for (
      const table of ["insights_feedback", "insights_tool_calls", "insights_turn_names", "insights_turns"]
    ) {
      signal.throwIfAborted();
      removed[table.slice("insights_".length)] = await eraseRows(erasure, table, subject);
    }
    return { removed: { ...removed, evidence } };
  };
}

function known(db: Reader, { tenant, user }: ErasureSubject): Subject {
  const spans = db.all<{ span: string }>(
    `SELECT span FROM insights_turns WHERE tenant = ? AND ${WHO} = ?`,
    tenant,
    user,
  ).map(({ span }) => readJson(span) as TurnSpan);
  const ledger = db.get("SELECT 1 FROM sqlite_schema WHERE name = 'tapes_turns_v1'") === undefined
    ? []
    : db.all<{ id: string; node: string | null; others: string | null; response: string | null }>(
      `SELECT call_id AS id, head_hash AS node, other_answers AS others, response_id AS response FROM tapes_turns_v1
       WHERE coalesce(user, 'key:' || api_key_fingerprint) = ? AND coalesce(tenant, ?) = ?`,
      user,
      NO_TENANT,
      tenant,
    );
  const names = [
    ...spans.flatMap(namesOfTurn).filter((name) => !name.startsWith("root:")),
    ...ledger.flatMap(({ node, others, response }) => [
      ...(node === null ? [] : [`node:${node}`]),
      ...(others === null ? [] : (readJson(others) as string[]).map((hash) => `node:${hash}`)),
      ...(response === null ? [] : [`response:${response}`]),
    ]),
  ];
  const turns = [...spans.map(({ turn_id }) => turn_id), ...ledger.map(({ id }) => id)];
  return { tenant, user, turns: new Set(turns), names: new Set(names) };
}

/** Whether an event is the subject's, or about one of the subject's turns. */
function isAbout({ tenant, user, turns, names }: Subject, event: unknown): boolean {
  const { tenant_id, data } = (event ?? {}) as {
    tenant_id?: string;
    data?: Readonly<Record<string, unknown>>;
  };
  if (tenant_id !== tenant || typeof data !== "object" || data === null) return false;
  const { user: named, api_key_fingerprint: key, turn_id, target } = data as {
    user?: unknown;
    api_key_fingerprint?: unknown;
    turn_id?: unknown;
    target?: FeedbackData["target"];
  };
  return (named ?? `key:${key}`) === user || (typeof turn_id === "string" && turns.has(turn_id)) ||
    (target !== undefined && names.has(nameOfTarget(target)));
}

/** Whose rows: bound once, whatever a table asks for. */
const SUBJECT = "WITH subject (tenant, user, turns, names) AS (SELECT ?, ?, ?, ?)";
const OF_TURN = "turn_id IN (SELECT value FROM subject, json_each(subject.turns))";

/** Conditions by table. */
const IS_SUBJECTS: Readonly<Record<string, string>> = {
  insights_feedback: `tenant = (SELECT tenant FROM subject) AND (${OF_TURN} OR
    json_extract(event, '$.data.user') = (SELECT user FROM subject) OR
    name IN (SELECT value FROM subject, json_each(subject.names)))`,
  insights_tool_calls: `json_extract(span, '$.tenant_id') = (SELECT tenant FROM subject) AND ${OF_TURN}`,
  insights_turn_names: `tenant = (SELECT tenant FROM subject) AND ${OF_TURN}`,
  insights_turns: `tenant = (SELECT tenant FROM subject) AND (${OF_TURN} OR
    ${WHO} = (SELECT user FROM subject))`,
};

/** Some hundred rows in each transaction; gives how many. */
async function eraseRows({ store }: Erasure, table: string, subject: Subject): Promise<number> {
  const { tenant, user, turns, names } = subject;
  const keys = KEYS[table] ?? "";
  const sql = `${SUBJECT} DELETE FROM ${table} WHERE (${keys}) IN (
    SELECT ${keys} FROM ${table} WHERE ${IS_SUBJECTS[table]} LIMIT ${AT_ONCE})`;
  const params = [tenant, user, JSON.stringify([...turns]), JSON.stringify([...names])] as const;
  let erased = 0;
  for (let last = AT_ONCE; last > 0;) {
    last = await store.write((tx) => tx.run(sql, ...params).changes);
    erased += last;
  }
  return erased;
}

const KEYS: Readonly<Record<string, string>> = {
  insights_feedback: "part, tenant, event_id",
  insights_tool_calls: "part, conversation, seq",
  insights_turn_names: "part, tenant, name, turn_id",
  insights_turns: "part, tenant, turn_id",
};

/** Takes the subject's nodes out of what windows and open insights show. */
async function eraseEvidence({ store }: Erasure, { tenant, names }: Subject): Promise<number> {
  const isNode = (hash: unknown) => typeof hash === "string" && names.has(`node:${hash}`);
  return await store.write((tx) =>
    erasePanes(tx, tenant, isNode) + eraseOpen(tx, tenant, isNode) + eraseCounted(tx, tenant, isNode)
  ) +
    await store.write((tx) =>
      tx.all<{ node: string }>("SELECT DISTINCT node FROM insights_rule_sessions WHERE tenant = ?", tenant)
        .filter(({ node }) => isNode(node))
        .reduce(
          (sum, { node }) =>
            sum +
            tx.run("UPDATE insights_rule_sessions SET node = '' WHERE tenant = ? AND node = ?", tenant, node)
              .changes,
          0,
        )
    );
}

/** A signal counts on, but shows no node. */
function eraseCounted(tx: Transaction, tenant: string, isNode: (hash: unknown) => boolean): number {
  const shown = tx.all<{ hash: string }>(
    "SELECT DISTINCT json_extract(content, '$.answer_hash') AS hash FROM insights_rule_counted " +
      "WHERE tenant = ? AND content IS NOT NULL",
    tenant,
  ).filter(({ hash }) => isNode(hash));
  return tx.run(
    "UPDATE insights_rule_counted SET content = json_remove(content, '$.answer_hash') WHERE tenant = ? " +
      "AND json_extract(content, '$.answer_hash') IN (SELECT value FROM json_each(?))",
    tenant,
    JSON.stringify(shown.map(({ hash }) => hash)),
  ).changes;
}

function erasePanes(tx: Transaction, tenant: string, isNode: (hash: unknown) => boolean): number {
  let changed = 0;
  const panes = tx.all<
    { source: string; part: number; rule: string; start_ms: number; grp: string; evidence: string }
  >(
    "SELECT source, part, rule, start_ms, grp, evidence FROM insights_rule_panes WHERE tenant = ?",
    tenant,
  );
  for (const { source, part, rule, start_ms, grp, evidence } of panes) {
    const shown = readJson(evidence) as [number, string][];
    const left = shown.filter(([, hash]) => !isNode(hash));
    if (left.length === shown.length) continue;
    changed += shown.length - left.length;
    tx.run(
      `UPDATE insights_rule_panes SET evidence = ?
       WHERE source = ? AND part = ? AND rule = ? AND start_ms = ? AND tenant = ? AND grp = ?`,
      ...[JSON.stringify(left), source, part, rule, start_ms, tenant, grp],
    );
  }
  return changed;
}

function eraseOpen(tx: Transaction, tenant: string, isNode: (hash: unknown) => boolean): number {
  let changed = 0;
  const open = tx.all<{ source: string; part: number; rule: string; grp: string; said: string }>(
    "SELECT source, part, rule, grp, said FROM insights_open WHERE tenant = ?",
    tenant,
  );
  for (const { source, part, rule, grp, said } of open) {
    const data = readJson(said) as { evidence?: string[] };
    const left = data.evidence?.filter((hash) => !isNode(hash)) ?? [];
    if (left.length === (data.evidence?.length ?? 0)) continue;
    changed += (data.evidence?.length ?? 0) - left.length;
    tx.run(
      "UPDATE insights_open SET said = ? WHERE source = ? AND part = ? AND rule = ? AND tenant = ? AND grp = ?",
      ...[JSON.stringify({ ...data, evidence: left }), source, part, rule, tenant, grp],
    );
  }
  return changed;
}
