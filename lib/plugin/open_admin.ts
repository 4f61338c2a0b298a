import { hostname } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { writeAgentFile } from "../access/agent_file.ts";
import { ensureTokenFile } from "../access/token_file.ts";
import { type AdminRoute, AdminServer } from "../http/admin_server.ts";
import { isLoopback, parseListenAddress } from "../http/listen_address.ts";
import type { HostOptions } from "./host_contract.ts";
import { OPEN_PATHS } from "./admin_routes.ts";

/** What the admin listener is opened with. */
export interface OpenAdminOptions extends Pick<HostOptions, "settings" | "storeFile" | "version" | "log"> {
  routes: readonly AdminRoute[];
  /** Milliseconds since 1970. */
  startedAt: number;
  /** Begins the names of the agent's members of the log's groups. */
  owner: string;
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
  const tokenFile = open && admin.token === undefined ? join(dirname(storeFile), "admin-token") : undefined;
  const token = admin.token ?? (tokenFile === undefined ? undefined : await ensureTokenFile(tokenFile));
  const server = new AdminServer({
    listen: admin.listen,
    hosts: admin.hosts ?? [],
    open: OPEN_PATHS,
    routes,
    log,
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
