/** Who may reach a listener, and how. */
export interface GuardOptions {
  /** Names and addresses in Host headers that are this listener's, without port: `127.0.0.1`, `localhost`. */
  hosts: readonly string[];
  /** It listens on every interface: a Host that is an address is its own, for only names can be rebound. */
  anyAddress?: boolean;
  /** Its port, once known; a Host header must name it, but for those in `hosts` given with a port of their own. */
  port: number;
}

/** What of a request decides. Header names in lower case. */
export interface Visitor {
  method: string;
  header(name: string): string | undefined;
}

/** Why a request is refused. */
export interface Refusal {
  status: 403 | 421;
  /** For a person. */
  error: string;
}

const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Checks Host (against DNS rebinding) and Origin (against other sites' pages). `null` lets it pass.
 */
export function refusal(options: GuardOptions, visitor: Visitor): Refusal | null {
  const host = visitor.header("host");
  if (host === undefined || !isOwnHost(options, host)) {
    return {
      status: 421,
      error: `Host ${JSON.stringify(host ?? "")} is not this agent's; add it to admin.hosts if it should be`,
    };
  }
  const origin = visitor.header("origin");
  if (origin !== undefined && !isOwnOrigin(options, origin)) {
    return { status: 403, error: `Origin ${JSON.stringify(origin)} may not call this agent` };
  }
  const site = visitor.header("sec-fetch-site");
  if (origin === undefined && (site === "cross-site" || site === "same-site")) {
    // A person may follow a link to a page; nothing else of another site's is let in.
    const followsLink = READING.has(visitor.method) && visitor.header("sec-fetch-mode") === "navigate";
    if (!followsLink) return { status: 403, error: "Pages of other sites may not call this agent" };
  }
  return null;
}

/** Whether a Host header names this listener. */
function isOwnHost({ hosts, port, anyAddress }: GuardOptions, header: string): boolean {
  const given = header.trim().toLowerCase();
  if (anyAddress && /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(given)) return true;
  const own = [...LOCAL_NAMES, ...hosts.map(bracketed)];
  return own.some((name) => given === name || given === `${name}:${port}`);
}

/** Whether an Origin is this listener's own, under any of its names. `null` (sandboxed pages, files) is not. */
function isOwnOrigin(options: GuardOptions, origin: string): boolean {
  const match = /^https?:\/\/([^/]+)$/.exec(origin.trim().toLowerCase());
  if (match?.[1] === undefined) return false;
  const own = [...LOCAL_NAMES, ...options.hosts.map(bracketed)];
  // A listener on localhost shares that name with every other port of the machine: the port decides.
  return own.some((name) => match[1] === `${name}:${options.port}` || (isNamed(name) && match[1] === name));
}

function isNamed(name: string): boolean {
  return !LOCAL_NAMES.includes(name);
}

function bracketed(host: string): string {
  const name = host.toLowerCase();
  return name.includes(":") && !name.startsWith("[") && name.split(":").length > 2 ? `[${name}]` : name;
}
