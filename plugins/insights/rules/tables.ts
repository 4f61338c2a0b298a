/**
 * Tables of this part. `source` is the topic the rows follow from (without its prefix), `part` its partition, `rule` the
 * rule's key; `grp` says the group, and what else tells it apart, as JSON. Times are milliseconds since 1970.
 */
export const RULE_TABLES: readonly string[] = [
  // How far a partition is: its newest event, and how far the clock has gone beyond it for rules about silence.
  `CREATE TABLE insights_rule_progress (
    source TEXT NOT NULL,
    part INTEGER NOT NULL,
    seen_ms REAL,
    clock_ms REAL,
    rules TEXT NOT NULL,           -- keys of the rules that held, JSON
    late INTEGER NOT NULL,         -- events left out because they came too late
    ahead INTEGER NOT NULL,        -- events left out because their time is yet to come
    PRIMARY KEY (source, part)
  ) WITHOUT ROWID`,
  // What was counted while the same might still come again.
  `CREATE TABLE insights_rule_counted (
    source TEXT NOT NULL,
    part INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_ms REAL NOT NULL,
    PRIMARY KEY (source, part, tenant, subject)
  ) WITHOUT ROWID`,
  `CREATE INDEX insights_rule_counted_at ON insights_rule_counted (source, part, at_ms)`,
  `CREATE TABLE insights_rule_panes (
    source TEXT NOT NULL,
    part INTEGER NOT NULL,
    rule TEXT NOT NULL,
    start_ms REAL NOT NULL,
    tenant TEXT NOT NULL,
    grp TEXT NOT NULL,
    samples INTEGER NOT NULL,
    bad INTEGER NOT NULL,
    total REAL NOT NULL,           -- whole billionths
    histogram TEXT NOT NULL,       -- JSON: [bucket, count]
    evidence TEXT NOT NULL,        -- JSON: [ms, node hash]
    PRIMARY KEY (source, part, rule, start_ms, tenant, grp)
  ) WITHOUT ROWID`,
  // Times in which a group was never silent for as long as its rule says.
  `CREATE TABLE insights_rule_sessions (
    source TEXT NOT NULL,
    part INTEGER NOT NULL,
    rule TEXT NOT NULL,
    tenant TEXT NOT NULL,
    grp TEXT NOT NULL,
    start_ms REAL NOT NULL,
    end_ms REAL NOT NULL,
    node TEXT NOT NULL,            -- of its last event; '': none
    said INTEGER NOT NULL,         -- 1: the silence behind it is an open insight
    PRIMARY KEY (source, part, rule, tenant, grp, start_ms)
  ) WITHOUT ROWID`,
  `CREATE INDEX insights_rule_sessions_end ON insights_rule_sessions (source, part, rule, said, end_ms)`,
  // Insights that are open.
  `CREATE TABLE insights_open (
    source TEXT NOT NULL,
    part INTEGER NOT NULL,
    rule TEXT NOT NULL,
    tenant TEXT NOT NULL,
    grp TEXT NOT NULL,
    newest_ms REAL NOT NULL,       -- of the evidence that was said
    said TEXT NOT NULL,            -- data of its last event, JSON
    PRIMARY KEY (source, part, rule, tenant, grp)
  ) WITHOUT ROWID`,
];

/** What the clock told, added later. It outlives making the rest anew: no topic of events has it. */
export const CLOCK_TABLES: readonly string[] = [
  // The offset behind the last record, and up to when windows were ended by the clock.
  "ALTER TABLE insights_rule_progress ADD COLUMN next_offset INTEGER",
  "ALTER TABLE insights_rule_progress ADD COLUMN idle_ms REAL",
  `CREATE TABLE insights_rule_clock (
    source TEXT NOT NULL,
    part INTEGER NOT NULL,
    at_offset INTEGER NOT NULL,    -- of the record that came next
    clock_ms REAL,                 -- for rules about silence
    idle_ms REAL,                  -- for windows
    ahead INTEGER NOT NULL,        -- 1: the record of this offset was left out
    PRIMARY KEY (source, part, at_offset)
  ) WITHOUT ROWID`,
];

/** What a later event of the same subject takes the place of, added later. */
export const COUNTED_COLUMNS: readonly string[] = [
  // Of signals: what rules read of them, JSON.
  "ALTER TABLE insights_rule_counted ADD COLUMN content TEXT",
];

/** When the clock told something, so that it can be forgotten, added later. */
export const TOLD_COLUMNS: readonly string[] = [
  "ALTER TABLE insights_rule_clock ADD COLUMN told_ms REAL NOT NULL DEFAULT 0",
  "CREATE INDEX insights_rule_clock_told ON insights_rule_clock (source, part, told_ms)",
];
