import type { CliCommand } from "./command.ts";
import { EXIT } from "./exit.ts";

/** `capstan token revoke` */
export const tokenRevoke: CliCommand = {
  path: "token revoke",
  doc: "End a token; a running agent refuses it at its next request",
  args: [{ name: "<name>", doc: "its name or id" }],
  examples: ["capstan token revoke billing"],
  async run(call) {
    const { openTokens } = await import("./open_tokens.ts");
    const { args: [name = ""], io } = call;
    const revoked = await (await openTokens(call)).revoke(name);
    if (revoked === undefined) {
      throw new Error(`Cannot revoke "${name}": no token of that name or id holds; see capstan token list`);
    }
    await io.stdout.write(`${revoked.name} (${revoked.id}) is revoked\n`);
    return EXIT.ok;
  },
};
