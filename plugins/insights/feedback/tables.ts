/** Tables of this part. `part` is the partition, of the same number in both topics, `tenant` whose it is. */
export const FEEDBACK_TABLES: readonly string[] = [
  `CREATE TABLE insights_turns (
    part INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    ended_ms REAL NOT NULL,
    span TEXT NOT NULL,            -- data of its trace.turn, JSON
    PRIMARY KEY (part, tenant, turn_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX insights_turns_ended ON insights_turns (part, ended_ms)`,
  // What a feedback may name a turn by: node:…, response:…, root:…
  `CREATE TABLE insights_turn_names (
    part INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    ended_ms REAL NOT NULL,
    PRIMARY KEY (part, tenant, name, turn_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX insights_turn_names_turn ON insights_turn_names (part, tenant, turn_id)`,
  `CREATE TABLE insights_feedback (
    part INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    event_id TEXT NOT NULL,
    name TEXT NOT NULL,            -- what it names its turn by
    given_ms REAL NOT NULL,
    event TEXT NOT NULL,           -- the whole event, JSON
    turn_id TEXT,                  -- the turn it was joined to, and which revision of it
    revision INTEGER,
    PRIMARY KEY (part, tenant, event_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX insights_feedback_name ON insights_feedback (part, tenant, name)`,
  `CREATE INDEX insights_feedback_given ON insights_feedback (part, given_ms)`,
];
