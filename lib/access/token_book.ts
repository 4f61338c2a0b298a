import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readJson } from "../json/read_json.ts";
import type { Caller, Role } from "./caller.ts";
import { ROLES } from "./role.ts";

/** A token as it is kept: never itself. */
export interface TokenEntry {
  /** Begins the token, so that it is found. 8 hexadecimal digits. */
  readonly id: string;
  /** The user's name for it. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** The only tenant it may speak for. */
  readonly tenant?: string;
  /** SHA-256 of the token, hexadecimal. It has 256 random bits, so that nothing slower is needed. */
  readonly hash: string;
  /** RFC 3339, UTC. */
  readonly created_at: string;
  /** RFC 3339, UTC; absent: never. */
  readonly expires_at?: string;
  /** RFC 3339, UTC; absent: it holds. */
  readonly revoked_at?: string;
}

/** What a new token is. */
export interface NewToken {
  name: string;
  roles: readonly Role[];
  tenant?: string;
  /** Milliseconds since 1970; absent: never. */
  expiresAt?: number;
}

interface Kept {
  version: 1;
  tokens: TokenEntry[];
}

/** Where an agent's tokens are kept: beside its SQLite file. */
export function tokenBookFile(storeFile: string): string {
  return join(dirname(storeFile), "admin-tokens.json");
}

const FORM = /^capstan_([0-9a-f]{8})_[A-Za-z0-9_-]{43}$/;

/**
 * The tokens of an agent's admin listener, hashed, in a file that only its owner reads. An agent sees at its next request
 * what a command has changed.
 */
export class TokenBook {
  readonly #now: () => number;
  #read: { mtimeMs: number; size: number; tokens: readonly TokenEntry[] } | undefined;

  /** `now` gives milliseconds since 1970. */
  constructor(readonly file: string, now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * All tokens, revoked ones too, in the order they were made.
   * @throws {Error} the file can't be read, or is not what was written.
   */
  async list(): Promise<readonly TokenEntry[]> {
    try {
      const { mtimeMs, size } = await stat(this.file);
      if (this.#read?.mtimeMs !== mtimeMs || this.#read.size !== size) {
        this.#read = { mtimeMs, size, tokens: parse(await readFile(this.file, "utf8")) };
      }
      return this.#read.tokens;
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
      throw new Error(
        `Cannot read the tokens in ${this.file}: ${said(cause)}; check its content, owner and mode`,
        {
          cause,
        },
      );
    }
  }

  /**
   * Makes a token and gives it: this once.
   * @throws {Error} one of that name holds, or the file can't be written.
   */
  async add({ name, roles, tenant, expiresAt }: NewToken): Promise<string> {
    const tokens = await this.list();
    if (tokens.some((each) => each.name === name && this.#holds(each))) {
      throw new Error(
        `Cannot make token "${name}": one of that name holds; revoke it, or choose another name`,
      );
    }
    const id = randomBytes(4).toString("hex");
    const token = `capstan_${id}_${randomBytes(32).toString("base64url")}`;
    const entry: TokenEntry = {
      id,
      name,
      roles,
      ...(tenant !== undefined && { tenant }),
      hash: digest(token).toString("hex"),
      created_at: new Date(this.#now()).toISOString(),
      ...(expiresAt !== undefined && { expires_at: new Date(expiresAt).toISOString() }),
    };
    await this.#write([...tokens, entry]);
    return token;
  }

  /**
   * Ends a token by its name or id. Gives it, or `undefined` where none of that name holds.
   * @throws {Error} the file can't be read or written.
   */
  async revoke(nameOrId: string): Promise<TokenEntry | undefined> {
    const tokens = await this.list();
    const found = tokens.find((each) =>
      each.revoked_at === undefined && (each.name === nameOrId || each.id === nameOrId)
    );
    if (found === undefined) return undefined;
    const revoked = { ...found, revoked_at: new Date(this.#now()).toISOString() };
    await this.#write(tokens.map((each) => each === found ? revoked : each));
    return revoked;
  }

  /**
   * Whose token this is; `undefined` where it is nobody's, has expired or was revoked.
   * @throws {Error} the file can't be read.
   */
  async callerOf(token: string): Promise<Caller | undefined> {
    const id = FORM.exec(token)?.[1];
    if (id === undefined) return undefined;
    const given = digest(token);
    const found = (await this.list()).find((each) =>
      each.id === id && timingSafeEqual(Buffer.from(each.hash, "hex"), given)
    );
    if (found === undefined || !this.#holds(found)) return undefined;
    const { name, roles, tenant } = found;
    return { name, roles, ...(tenant !== undefined && { tenant }) };
  }

  /** Whether a token is good now. */
  #holds({ revoked_at, expires_at }: TokenEntry): boolean {
    return revoked_at === undefined && (expires_at === undefined || Date.parse(expires_at) > this.#now());
  }

  async #write(tokens: readonly TokenEntry[]): Promise<void> {
    const kept: Kept = { version: 1, tokens: [...tokens] };
    const beside = `${this.file}.${randomBytes(4).toString("hex")}`;
    try {
      await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
      await writeFile(beside, JSON.stringify(kept, null, 2) + "\n", { mode: 0o600, flag: "wx" });
      await chmod(beside, 0o600);
      await rename(beside, this.file);
    } catch (cause) {
      throw new Error(
        `Cannot write the tokens to ${this.file}: ${said(cause)}; check its folder's owner and mode`,
        {
          cause,
        },
      );
    }
    this.#read = undefined;
  }
}

function parse(text: string): TokenEntry[] {
  const { version, tokens } = readJson(text) as Partial<Kept>;
  if (version !== 1 || !Array.isArray(tokens)) throw new TypeError("it is not a file of tokens, version 1");
  for (const { id, name, roles, hash } of tokens) {
    const sound = typeof name === "string" && /^[0-9a-f]{8}$/.test(id) && /^[0-9a-f]{64}$/.test(hash) &&
      Array.isArray(roles) && roles.every((role) => ROLES.includes(role));
    if (!sound) throw new TypeError(`the token ${JSON.stringify(name)} in it is not as it was written`);
  }
  return tokens;
}

function digest(token: string) {
  return createHash("sha256").update(token).digest();
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
