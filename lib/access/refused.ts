/** Whether the machine itself said that nobody listens on the port that was called. */
export function isRefused(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && at.code === "ECONNREFUSED") return true;
    if (/connection refused|os error (111|61|10061)/i.test(at.message)) return true;
  }
  return false;
}
