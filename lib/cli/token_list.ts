import type { TokenEntry } from "../access/token_book.ts";
import type { CliCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { styleFor } from "./style.ts";
import { table } from "./table.ts";

/** `capstan token list` */
export const tokenList: CliCommand = {
  path: "token list",
  doc: "List the tokens of the admin listener: whose they are and what they may do, never themselves",
  options: [{ flags: "--json", doc: "one JSON object a line" }],
  examples: ["capstan token list"],
  async run(call) {
    const { openTokens } = await import("./open_tokens.ts");
    const { io, options } = call;
    const tokens = await (await openTokens(call)).list();
    if (options.json === true) {
      for (const { hash: _, ...shown } of tokens) await io.stdout.write(`${JSON.stringify(shown)}\n`);
      return EXIT.ok;
    }
    const rows = tokens.map((token) => [
      token.id,
      token.name,
      token.roles.join(", "),
      token.tenant ?? "any",
      token.created_at.slice(0, 10),
      stateOf(token),
    ]);
    if (rows.length === 0) await io.stdout.write("no tokens; capstan token add makes one\n");
    else {await io.stdout.write(
        table([["id", "name", "may", "tenant", "made", "state"], ...rows], {
          columns: styleFor(io.stdout).columns,
        }),
      );}
    return EXIT.ok;
  },
};

function stateOf({ revoked_at, expires_at }: TokenEntry): string {
  if (revoked_at !== undefined) return `revoked ${revoked_at.slice(0, 10)}`;
  if (expires_at === undefined) return "holds";
  return `${Date.parse(expires_at) > Date.now() ? "until" : "expired"} ${expires_at.slice(0, 10)}`;
}
