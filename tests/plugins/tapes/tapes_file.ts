import { openStore } from "../../../lib/store/open_store.ts";
import { goldenCases, type GoldenNode } from "./golden.ts";

const COLUMNS = [
  "hash",
  "bucket",
  "type",
  "role",
  "content",
  "model",
  "provider",
  "agent_name",
  "stop_reason",
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "total_duration_ns",
  "prompt_duration_ns",
  "project",
  "created_at",
  "parent_hash",
] as const satisfies readonly (keyof GoldenNode)[];

/** The nodes of all recorded cases, each once, as tapes wrote them. */
export function goldenNodes(): GoldenNode[] {
  const nodes = new Map<string, GoldenNode>();
  for (const { nodes: rows } of goldenCases()) {
    for (const row of rows) if (!nodes.has(row.hash)) nodes.set(row.hash, row);
  }
  return [...nodes.values()];
}

/** Writes a file as tapes v0.1.1 does: its tables, its indexes, its rows. */
export async function writeTapesFile(
  file: string,
  nodes: readonly GoldenNode[] = goldenNodes(),
): Promise<void> {
  await using store = await openStore({ file });
  const encoder = new TextEncoder();
  await store.write((tx) => {
    tx.run(
      `CREATE TABLE nodes (hash TEXT NOT NULL PRIMARY KEY, bucket TEXT, type TEXT, role TEXT, content TEXT,
      model TEXT, provider TEXT, agent_name TEXT, stop_reason TEXT, prompt_tokens INTEGER, completion_tokens INTEGER,
      total_tokens INTEGER, cache_creation_input_tokens INTEGER, cache_read_input_tokens INTEGER,
      total_duration_ns INTEGER, prompt_duration_ns INTEGER, project TEXT,
      created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
      parent_hash TEXT REFERENCES nodes(hash) ON DELETE SET NULL)`,
    );
    for (
      const column of ["parent_hash", "role", "model", "provider", "agent_name", "project", "created_at"]
    ) {
      tx.run(`CREATE INDEX node_${column} ON nodes(${column})`);
    }
    tx.run("CREATE INDEX node_role_model ON nodes(role, model)");
    tx.run(`CREATE TABLE facets (id TEXT NOT NULL PRIMARY KEY, session_id TEXT NOT NULL, facets TEXT,
      created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP)`);
    tx.run("CREATE UNIQUE INDEX facet_session_id ON facets(session_id)");
    tx.run(`CREATE TABLE schema_migrations (version INTEGER NOT NULL UNIQUE,
      applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)`);
    tx.run("INSERT INTO schema_migrations (version) VALUES (1)");
    for (const node of nodes) {
      const row = { ...node, bucket: encoder.encode(node.bucket), content: encoder.encode(node.content) };
      tx.run(
        `INSERT INTO nodes (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`,
        ...COLUMNS.map((name) => row[name]),
      );
    }
  });
}
