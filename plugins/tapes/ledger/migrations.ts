import type { Migration } from "capstan";

/**
 * tapes' own tables, column for column, beside which ours stand. `IF NOT EXISTS`, so that a file which tapes wrote
 * opens in place and keeps the indexes it has. A new file gets none of tapes' eight indexes on `nodes`: each costs some
 * 15 µs a node, more as the file grows.
 */
const TAPES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS nodes (
    hash TEXT NOT NULL PRIMARY KEY,
    bucket TEXT,
    type TEXT,
    role TEXT,
    content TEXT,
    model TEXT,
    provider TEXT,
    agent_name TEXT,
    stop_reason TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    total_tokens INTEGER,
    cache_creation_input_tokens INTEGER,
    cache_read_input_tokens INTEGER,
    total_duration_ns INTEGER,
    prompt_duration_ns INTEGER,
    project TEXT,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    parent_hash TEXT REFERENCES nodes(hash) ON DELETE SET NULL
  )`,
  `CREATE TABLE IF NOT EXISTS facets (
    id TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE,
    facets TEXT,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
  )`,
  `CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER NOT NULL UNIQUE,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
  )`,
  `INSERT INTO schema_migrations (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM schema_migrations)`,
];

/**
 * The ledger. Its indexes, each with what asks for it:
 * `call_id` (unique; a call delivered twice gives one row), `continuation` (the conversation a request extends),
 * `conversation` (`show`, `log`; ids of conversations grow with time, so it is appended to), `response` (Responses
 * API alone: the turn that `previous_response_id` names).
 */
const LEDGER: readonly string[] = [
  `CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL DEFAULT 1,
    started_at REAL NOT NULL,
    first_byte_at REAL,
    ended_at REAL NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    endpoint TEXT,
    provider TEXT NOT NULL,
    provider_type TEXT NOT NULL,
    model TEXT,
    answer_model TEXT,
    agent TEXT,
    project TEXT,
    tenant TEXT,
    user TEXT,
    session TEXT,
    conversation TEXT NOT NULL,
    status INTEGER,
    outcome TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    error TEXT,
    stop_reason TEXT,
    stream INTEGER,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    total_tokens INTEGER,
    cache_creation_input_tokens INTEGER,
    cache_read_input_tokens INTEGER,
    reasoning_tokens INTEGER,
    total_duration_ns INTEGER,
    prompt_duration_ns INTEGER,
    raw_usage TEXT,
    further TEXT,
    parameters TEXT,
    system_hash TEXT,
    tools_hash TEXT,
    request_messages INTEGER NOT NULL DEFAULT 0,
    new_messages INTEGER NOT NULL DEFAULT 0,
    request_head TEXT,
    head_hash TEXT,
    root_hash TEXT,
    other_answers TEXT,
    response_id TEXT,
    previous_response_id TEXT,
    preview TEXT,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    request_key INTEGER,
    answer_key INTEGER
  )`,
  `CREATE INDEX turns_continuation ON turns(request_key, answer_key) WHERE request_key IS NOT NULL`,
  `CREATE INDEX turns_conversation ON turns(conversation)`,
  `CREATE INDEX turns_response ON turns(response_id) WHERE endpoint = 'responses'`,
  `CREATE TABLE blobs (hash TEXT NOT NULL PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE tapes_imports (
    source TEXT NOT NULL PRIMARY KEY,
    last_rowid INTEGER NOT NULL,
    last_hash TEXT NOT NULL
  ) WITHOUT ROWID`,
];

const turnsView = (more = "") =>
  `CREATE VIEW tapes_turns_v1 AS SELECT
    id, call_id, revision,
    strftime('%Y-%m-%dT%H:%M:%fZ', started_at / 1000.0, 'unixepoch') AS started_at,
    started_at AS started_ms, first_byte_at - started_at AS first_byte_ms, ended_at - started_at AS duration_ms,
    method, target, endpoint, provider, provider_type, model, answer_model, agent, project, tenant, user, session,
    conversation, status, outcome, reason, detail, error, stop_reason, stream,
    prompt_tokens, completion_tokens, total_tokens, cache_creation_input_tokens, cache_read_input_tokens,
    reasoning_tokens, total_duration_ns, prompt_duration_ns, raw_usage, further, parameters,
    (SELECT json FROM blobs WHERE hash = system_hash) AS system,
    (SELECT json FROM blobs WHERE hash = tools_hash) AS tools,
    system_hash, tools_hash, request_messages, new_messages, request_head, head_hash, root_hash, other_answers,
    response_id, previous_response_id, preview, request_bytes, response_bytes${more}
  FROM turns`;

/** What other plugins may read. A view's columns never change meaning; a change makes a `_v2` beside it. */
const VIEWS: readonly string[] = [
  turnsView(),
  `CREATE VIEW tapes_nodes_v1 AS SELECT
    hash, parent_hash, role, CAST(content AS TEXT) AS content, model, provider, agent_name AS agent, stop_reason,
    prompt_tokens, completion_tokens, total_tokens, cache_creation_input_tokens, cache_read_input_tokens, project,
    created_at
  FROM nodes`,
];

/**
 * Children of each node, by row id: which nodes are roots and leaves is then known without an index on `parent_hash`,
 * whose random inserts took an eighth of a turn's time. Triggers, so that it holds whoever writes to `nodes`. A file of
 * tapes keeps its own index; the one that earlier files of ours had goes.
 */
const TREE: readonly string[] = [
  `CREATE TABLE tapes_tree (node INTEGER PRIMARY KEY, root INTEGER NOT NULL, children INTEGER NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS node_parent_hash ON nodes(parent_hash)`,
  `INSERT INTO tapes_tree SELECT n.rowid, n.parent_hash IS NULL,
    (SELECT count(*) FROM nodes c WHERE c.parent_hash = n.hash) FROM nodes n ORDER BY n.rowid`,
  `CREATE TRIGGER tapes_tree_insert AFTER INSERT ON nodes BEGIN
    INSERT INTO tapes_tree VALUES (new.rowid, new.parent_hash IS NULL, 0);
    UPDATE tapes_tree SET children = children + 1 WHERE node = (SELECT rowid FROM nodes WHERE hash = new.parent_hash);
  END`,
  `CREATE TRIGGER tapes_tree_delete AFTER DELETE ON nodes BEGIN
    DELETE FROM tapes_tree WHERE node = old.rowid;
    UPDATE tapes_tree SET children = children - 1 WHERE node = (SELECT rowid FROM nodes WHERE hash = old.parent_hash);
  END`,
  `CREATE TRIGGER tapes_tree_update AFTER UPDATE OF parent_hash ON nodes BEGIN
    UPDATE tapes_tree SET root = new.parent_hash IS NULL WHERE node = new.rowid;
    UPDATE tapes_tree SET children = children - 1 WHERE node = (SELECT rowid FROM nodes WHERE hash = old.parent_hash);
    UPDATE tapes_tree SET children = children + 1 WHERE node = (SELECT rowid FROM nodes WHERE hash = new.parent_hash);
  END`,
];

/** Milliseconds since 1970 of a node's time; 0 where it is none. tapes' own SQLite reads it, too. */
const MS = (node: string) =>
  `coalesce(round((julianday(CAST(${node}.created_at AS TEXT)) - 2440587.5) * 86400000.0), 0)`;

/**
 * Nodes that no turn of ours made, by their time: what was imported, what stood in the file before, and what tapes
 * writes beside us. The deriver has a row in `tapes_deriving` while it writes, so that whoever else writes needs to say
 * nothing. Only leaves among them are in the index; what the deriver writes never is.
 */
const FOREIGN: readonly string[] = [
  `CREATE TABLE tapes_deriving (now INTEGER PRIMARY KEY)`,
  `ALTER TABLE tapes_tree ADD COLUMN at REAL`,
  `DROP TRIGGER tapes_tree_insert`,
  `CREATE TRIGGER tapes_tree_insert AFTER INSERT ON nodes BEGIN
    INSERT INTO tapes_tree (node, root, children, at) VALUES (new.rowid, new.parent_hash IS NULL, 0,
      CASE WHEN EXISTS (SELECT 1 FROM tapes_deriving) THEN NULL ELSE ${MS("new")} END);
    UPDATE tapes_tree SET children = children + 1 WHERE node = (SELECT rowid FROM nodes WHERE hash = new.parent_hash);
  END`,
  `UPDATE tapes_tree SET at = (SELECT ${MS("n")} FROM nodes n WHERE n.rowid = node)
    WHERE children = 0 AND node NOT IN (SELECT n.rowid FROM nodes n WHERE n.hash IN (
      SELECT head_hash FROM turns WHERE head_hash IS NOT NULL
      UNION ALL SELECT j.value FROM turns, json_each(other_answers) j WHERE other_answers IS NOT NULL))`,
  `CREATE INDEX tapes_tree_foreign ON tapes_tree(at) WHERE at IS NOT NULL AND children = 0`,
];

/** An index that only tapes makes. */
const TAPES_INDEX = "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'node_role'";

/** The schema of the tapes plugin: tapes v0.1.1's tables, the ledger beside them, and the read views. */
export const TAPES_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "tapes' nodes, the turns ledger, read views",
    up(tx) {
      for (const statement of [...TAPES, ...LEDGER, ...VIEWS]) tx.run(statement);
    },
  },
  {
    version: 2,
    name: "children of nodes counted, instead of an index",
    up(tx) {
      for (const statement of TREE) tx.run(statement);
      if (tx.get(TAPES_INDEX) === undefined) tx.run("DROP INDEX node_parent_hash");
    },
  },
  {
    version: 3,
    name: "conversations that no turn stands for, by their time",
    up(tx) {
      for (const statement of FOREIGN) tx.run(statement);
    },
  },
  {
    version: 4,
    name: "which API key a call came with, by fingerprint",
    up: (tx) => void tx.run("ALTER TABLE turns ADD COLUMN api_key_fingerprint TEXT"),
  },
  {
    version: 5,
    name: "the API key's fingerprint for those who read the view",
    up(tx) {
      tx.run("DROP VIEW tapes_turns_v1");
      tx.run(turnsView(", api_key_fingerprint"));
    },
  },
];
