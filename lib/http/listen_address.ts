/** Where to listen. */
export interface ListenAddress {
  /** Name or address without brackets; `undefined` is every interface. */
  host: string | undefined;
  /** 0 takes a free one. */
  port: number;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+(?:%[0-9A-Za-z._-]+)?)\]|([^:[\]\s/?#@]*)):([0-9]{1,5})$/;

/**
 * Parses `host:port`, `:port` (every interface) and `[v6]:port`.
 * @throws {Error} it is none of these, or the port is above 65535.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new Error(
      `Cannot listen on ${JSON.stringify(text)}: it is no address; write host:port, :port or [::1]:port`,
    );
  }
  return { host: match[1] ?? (match[2] || undefined), port };
}

/** The address as it stands in a URL: `127.0.0.1:8080`, `[::1]:8080`. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine reaches it: 127.0.0.0/8, ::1, `localhost` and names below it. */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return /^127(\.\d{1,3}){3}$/.test(name) || /^(0*:)*:?0*1$/.test(name) || name === "localhost" ||
    name.endsWith(".localhost");
}
