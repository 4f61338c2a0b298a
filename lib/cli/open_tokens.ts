import { TokenBook, tokenBookFile } from "../access/token_book.ts";
import { type ConfigCall, loadConfiguration } from "./configuration.ts";

/**
 * The tokens of the agent that this call's configuration is of.
 * @throws {ConfigError} the configuration is wrong.
 */
export async function openTokens(call: ConfigCall): Promise<TokenBook> {
  const config = await loadConfiguration(call);
  return new TokenBook(tokenBookFile(config.host.store.sqlite));
}
