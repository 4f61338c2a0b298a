/** Whether a header (name in lower case) is for one connection alone. Lengths first: it is asked for every header. */
export function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2:
      return name === "te";
    case 7:
      return name === "trailer" || name === "upgrade" || name === "proxy-";
    case 10:
      if (name === "connection" || name === "keep-alive") return true;
      break;
    case 17:
      if (name === "transfer-encoding") return true;
  }
  return name.startsWith("proxy-");
}

/** Header names that `Connection` names, in lower case; `undefined` where it names none of note. */
export function connectionNames(raw: readonly string[]): Set<string> | undefined {
  let names: Set<string> | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]!.length !== 10 || raw[at]!.toLowerCase() !== "connection") continue;
    for (const token of raw[at + 1]!.toLowerCase().split(",")) {
      const name = token.trim();
      // Naming these would only break the message: its framing is not the client's to remove.
      if (!name || name === "close" || name === "keep-alive" || name === "content-length") continue;
      (names ??= new Set()).add(name);
    }
  }
  return names;
}
