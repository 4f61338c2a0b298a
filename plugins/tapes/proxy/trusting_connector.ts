import { getCACertificates } from "node:tls";
import { buildConnector } from "undici";

/** What connections to an upstream trust. */
export interface TrustOptions {
  /** Milliseconds for a connection. */
  timeoutMs: number;
  /** PEM of further authorities. */
  authorities?: string;
}

/**
 * Connects, trusting the runtime's authorities, then those given, then the system's. One after the other, and beginning
 * with what worked last: reading a store of 300 certificates takes 40 ms for each connection.
 */
export function trustingConnector({ timeoutMs, authorities }: TrustOptions): buildConnector.connector {
  const connector = (ca?: readonly string[]) =>
    buildConnector({ timeout: timeoutMs, allowH2: false, ...(ca && { ca: [...ca] }) });
  const stores = [
    lazily(() => connector()),
    ...(authorities === undefined ? [] : [lazily(() => connector([authorities]))]),
    lazily(() => connector(getCACertificates("system"))),
  ];
  return (options, callback) => {
    const order = [...stores];
    const attempt = (at: number) => {
      const store = order[at]!;
      store()(options, (...[error, socket]) => {
        if (error) {
          if (at + 1 < order.length && isDistrust(error)) attempt(at + 1);
          else callback(error, null);
          return;
        }
        if (stores[0] !== store) stores.unshift(...stores.splice(stores.indexOf(store), 1));
        callback(null, socket);
      });
    };
    attempt(0);
  };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}

/** Another authority may help. */
function isDistrust(error: Error): boolean {
  const code = "code" in error ? String(error.code) : "";
  return /verify|self.signed|issuer|authority/i.test(`${code} ${error.message}`);
}
