import type { SqlTable } from "./statement.ts";

/** What is gathered of one statement. */
export class Lineage {
  readonly #reads = new Map<string, Set<string>>();
  readonly #writes = new Map<string, Set<string>>();
  readonly #unattributed = new Set<string>();

  /** A table is read, and of it these columns. */
  read(table: string, ...columns: readonly string[]): void {
    note(this.#reads, table, columns);
  }

  /** A table is written or changed, and of it these columns. */
  write(table: string, ...columns: readonly string[]): void {
    note(this.#writes, table, columns);
  }

  /** A column is named, of which table the text does not say. */
  miss(column: string): void {
    this.#unattributed.add(column);
  }

  /** Tables that are read, by name. */
  get reads(): SqlTable[] {
    return tablesOf(this.#reads);
  }

  /** Tables that are written, by name. */
  get writes(): SqlTable[] {
    return tablesOf(this.#writes);
  }

  /** Sorted. */
  get unattributed(): string[] {
    return [...this.#unattributed].sort();
  }
}

function note(tables: Map<string, Set<string>>, table: string, columns: readonly string[]): void {
  if (table === "") return;
  let known = tables.get(table);
  if (!known) tables.set(table, known = new Set());
  for (const column of columns) known.add(column);
}

function tablesOf(tables: ReadonlyMap<string, ReadonlySet<string>>): SqlTable[] {
  return [...tables].map(([name, columns]) => ({ name, columns: [...columns].sort() }))
    .sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
