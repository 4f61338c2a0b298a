/** What a listener that could not be opened was to be. */
export interface WantedListener {
  /** For messages: `proxy`. */
  name: string;
  listen: string;
  /** The setting that holds the address: `plugins.tapes.listen`. */
  setting?: string;
}

/** Why a port could not be opened, and which setting to change. Takes errors of node:net and of Deno alike. */
export function listenError({ name, listen, setting }: WantedListener, cause: Error): Error {
  const code = "code" in cause ? cause.code : undefined;
  const change = setting ? `change ${setting}` : `give ${name} another address`;
  const state = code === "EADDRINUSE"
    ? `another process, or another listener of this one, has it; stop it, or ${change}`
    : code === "EADDRNOTAVAIL" || code === "ENOTFOUND"
    ? `this machine has no such address; ${change}`
    : code === "EACCES"
    ? `the port is not allowed to this user; take one above 1023: ${change}`
    : `${cause.message}; ${change}`;
  return new Error(`Cannot listen on ${listen} for ${name}: ${state}`, { cause });
}
