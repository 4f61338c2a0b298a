import { hostname } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { writeAgentFile } from "../access/agent_file.ts";
import { TokenBook, tokenBookFile } from "../access/token_book.ts";
import { ensureTokenFile } from "../access/token_file.ts";
import type { AdminAction, AdminRoute } from "../http/admin_app.ts";
import { AdminServer } from "../http/admin_server.ts";
import { isLoopback, parseListenAddress } from "../http/listen_address.ts";
import type { HostOptions } from "./host_contract.ts";

const DEFAULT_MAX_BODY = 64 * 1024 * 1024;
const DEFAULT_RATE = 10_000;

/** What the admin listener is opened with. */
export interface OpenAdminOptions extends Pick<HostOptions, "settings" | "storeFile" | "version" | "log"> {
  routes: readonly AdminRoute[];
  /** Milliseconds since 1970. */
  startedAt: number;
  /** Begins the names of the agent's members of the log's groups. */
  owner: string;
  /** Told of what callers change. */
  onAction?(action: AdminAction): void;
}

/**
 * Opens the admin listener and leaves word of it beside the store.
 * @throws {Error} the port is taken or not allowed, or the token's file can't be written.
 */
export async function openAdmin(
  options: OpenAdminOptions,
): Promise<{ server: AdminServer; announcement: string }> {
  const { settings: { admin }, storeFile, version, routes, startedAt, owner } = options;
  const log = options.log.child({ component: "admin" });
  const open = !isLoopback(parseListenAddress(admin.listen).host);
  const needed = open || admin.require_token === true;
  const tokenFile = needed && admin.token === undefined ? join(dirname(storeFile), "admin-token") : undefined;
  const token = admin.token ?? (tokenFile === undefined ? undefined : await ensureTokenFile(tokenFile));
  const server = new AdminServer({
    listen: admin.listen,
    hosts: admin.hosts ?? [],
    requireToken: needed || token !== undefined,
    book: new TokenBook(tokenBookFile(storeFile)),
    maxBody: admin.max_body ?? DEFAULT_MAX_BODY,
    requestsPerSecond: admin.requests_per_second ?? DEFAULT_RATE,
    routes,
    log,
    onAction: options.onAction,
    ...(token !== undefined && { token }),
  });
  await server.listen();
  const origin = server.origin ?? "";
  if (open) {
    log.warn("This listener is open to other machines.", { listen: admin.listen, secret_in: tokenFile });
  }
  try {
    await writeAgentFile({
      pid: process.pid,
      admin: origin,
      version,
      store: storeFile,
      startedAt: new Date(startedAt).toISOString(),
      host: hostname(),
      owner,
      ...(tokenFile !== undefined && { tokenFile }),
    });
  } catch (error) {
    log.warn("Commands will not find this agent.", { error });
  }
  return { server, announcement: `admin: ${origin}` };
}
