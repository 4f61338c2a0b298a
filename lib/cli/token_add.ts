import type { Role } from "../access/caller.ts";
import { ROLES } from "../access/role.ts";
import type { CliCommand } from "./command.ts";
import { EXIT, UsageError } from "./exit.ts";
import { parseDuration } from "../config/duration.ts";

/** `capstan token add` */
export const tokenAdd: CliCommand = {
  path: "token add",
  doc: "Make a token for the admin listener, and print it this once",
  more:
    "Roles: read looks at what there is, feedback sends feedback and events, audit enters into the audit trail and\n" +
    "reads it, admin does everything. A running agent knows the token at once.",
  args: [{ name: "<name>", doc: "your name for it, for lists and the audit trail" }],
  options: [
    { flags: "-r, --role <roles>", doc: `what it may do, with commas between: ${ROLES.join(", ")}` },
    { flags: "--tenant <name>", doc: "the only tenant it may speak for; default: any" },
    { flags: "--expires <time>", doc: "how long it holds: 12h, 30d; default: until it is revoked" },
  ],
  examples: [
    "capstan token add billing --role feedback --tenant acme",
    "capstan token add grafana --role read --expires 90d",
  ],
  async run(call) {
    const { args: [name = ""], options, io } = call;
    const roles = rolesOf(options.role);
    const { openTokens } = await import("./open_tokens.ts");
    const book = await openTokens(call);
    const tenant = typeof options.tenant === "string" ? options.tenant : undefined;
    const token = await book.add({ name, roles, tenant, expiresAt: expiryOf(options.expires) });
    await io.stdout.write(`${token}\n`);
    await io.stderr.write("Keep it: it is not stored, and will not be shown again.\n");
    return EXIT.ok;
  },
};

function rolesOf(given: unknown): Role[] {
  const names = typeof given === "string" ? given.split(",").map((each) => each.trim()) : [];
  const roles = names.map((name) => {
    const role = ROLES.find((each) => each === name);
    if (role) return role;
    throw new UsageError(`Cannot use --role "${name}": there is no such role; give ${ROLES.join(", ")}`);
  });
  if (roles.length > 0) return [...new Set(roles)];
  throw new UsageError(`Cannot make a token without a role: give --role with ${ROLES.join(", ")}`);
}

function expiryOf(given: unknown): number | undefined {
  if (typeof given !== "string") return undefined;
  const ms = parseDuration(given);
  if (ms !== undefined && ms > 0) return Date.now() + ms;
  throw new UsageError(`Cannot use --expires "${given}": give a time as 12h or 30d`);
}
