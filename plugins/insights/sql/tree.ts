/** A value of the parser's tree. */
export type Tree = unknown;
/** An object of the tree. */
export type Branch = { readonly [name: string]: Tree };

/** The value as an object; one without members where it is none. */
export function branch(value: Tree): Branch {
  return isBranch(value) ? value : NOTHING;
}

/** Whether it is an object. */
export function isBranch(value: Tree): value is Branch {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The value as a list; an empty one where it is none. */
export function list(value: Tree): readonly Tree[] {
  return Array.isArray(value) ? value : [];
}

/** An expression is an object whose one member names its type. `undefined` where the value is none. */
export function expression(value: Tree): { type: string; data: Tree } | undefined {
  if (!isBranch(value)) return undefined;
  let found: string | undefined;
  for (const name in value) {
    if (found !== undefined) return undefined;
    found = name;
  }
  return found === undefined ? undefined : { type: found, data: value[found] };
}

/** The name in an identifier: `{name, quoted}`, `{identifier: …}` or a plain text. "" where there is none. */
export function nameOf(value: Tree): string {
  if (typeof value === "string") return value;
  const { name, identifier, column, table } = branch(value);
  if (typeof name === "string") return name;
  const inner = name ?? identifier ?? column ?? table;
  return inner === undefined || inner === null ? "" : nameOf(inner);
}

const NOTHING: Branch = Object.freeze({});
