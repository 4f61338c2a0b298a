/** Names of columns in lower case; `undefined` where they can't be known. */
export type Columns = ReadonlySet<string> | undefined;

/** Something that stands in FROM. */
export interface Source {
  /** What its columns are qualified with: the alias, or the name without schema. */
  readonly name: string;
  /** Given by AS, or without. */
  readonly aliased: boolean;
  /** Name of the table; absent for what is derived: common table expressions, sub-queries, functions. */
  readonly table?: string;
  /** What a derived one is known to have. */
  readonly columns?: Columns;
}

/** What a name in an expression can mean: the sources of a query, and around it those of the queries it stands in. */
export class Scope {
  readonly sources: Source[] = [];
  /** Columns that USING has made one of two. In lower case. */
  readonly merged = new Set<string>();
  readonly outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.outer = outer;
  }

  /** The source of that name, here or further out. */
  named(name: string): Source | undefined {
    const lower = name.toLowerCase();
    return this.sources.find((source) => source.name.toLowerCase() === lower) ?? this.outer?.named(name);
  }

  /** The table whose written name is, or ends with, these parts. */
  qualified(parts: readonly string[]): Source | undefined {
    const wanted = parts.join(".").toLowerCase();
    const fits = ({ table }: Source) => {
      const lower = table?.toLowerCase();
      return lower === wanted || lower?.endsWith(`.${wanted}`) === true;
    };
    return this.sources.find(fits) ?? this.outer?.qualified(parts);
  }

  /**
   * Whose column an unqualified name is: a table; `derived` for one of a sub-query or the like; `undefined` where the
   * text does not tell. The innermost query that can have it has it.
   */
  owner(name: string): Source | "derived" | undefined {
    const lower = name.toLowerCase();
    if (this.merged.has(lower)) return "derived";
    const candidates: Source[] = [];
    for (const source of this.sources) {
      if (source.name.toLowerCase() === lower && (source.table === undefined || source.aliased)) {
        return source;
      }
      if (source.table !== undefined || source.columns === undefined) candidates.push(source);
      else if (source.columns.has(lower)) return "derived";
    }
    if (candidates.length === 0) return this.outer?.owner(name);
    const [only] = candidates;
    return candidates.length > 1 || only === undefined
      ? undefined
      : only.table === undefined
      ? "derived"
      : only;
  }
}
