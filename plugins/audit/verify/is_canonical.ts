import canonicalize from "canonicalize";

/** Whether a parsed JSON value was written in its canonical form (RFC 8785). */
export function isCanonical(value: unknown, text: string): boolean {
  // Canonical JSON is what JSON.stringify writes once members are in order; seeing that is quicker than ordering them.
  if (isOrdered(value)) return JSON.stringify(value) === text;
  return canonicalize(value) === text;
}

function isOrdered(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isOrdered);
  const members = value as Readonly<Record<string, unknown>>;
  let before: string | undefined;
  for (const name of Object.keys(members)) {
    if (before !== undefined && name <= before || !isOrdered(members[name])) return false;
    before = name;
  }
  return true;
}
