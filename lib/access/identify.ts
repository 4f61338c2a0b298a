import { sameSecret } from "./constant_time.ts";
import type { Caller } from "./caller.ts";
import type { TokenBook } from "./token_book.ts";

/** By what callers are known. */
export interface IdentifyOptions {
  /** The token that may do everything. */
  readonly token?: string;
  /** Further tokens. */
  readonly book?: Pick<TokenBook, "callerOf">;
  /** Whether who sends no token is nobody; else it may do everything. */
  readonly required: boolean;
}

const NOBODY: Caller = { name: "", roles: [] };

/**
 * Who sends this `Authorization` header. A token that is none is nobody's, also where none is needed.
 * @throws {Error} the tokens can't be read.
 */
export async function identify(
  authorization: string | undefined,
  { token, book, required }: IdentifyOptions,
): Promise<Caller> {
  if (authorization === undefined) return required ? NOBODY : { name: "local", roles: ["admin"] };
  const given = /^Bearer +(.+)$/i.exec(authorization)?.[1]?.trim();
  if (given === undefined) return NOBODY;
  if (token !== undefined && sameSecret(given, token)) return { name: "admin", roles: ["admin"] };
  return await book?.callerOf(given) ?? NOBODY;
}
