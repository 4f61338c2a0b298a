import { createHmac, hkdfSync } from "node:crypto";
import { ownRule } from "./own_rule.ts";
import type { Finding } from "./redactor.ts";
import { type ActiveRule, Redactor } from "./redactor.ts";
import { builtInRules } from "./rules.ts";
import { isSealed, seal, unseal } from "./sealing.ts";
import type { DerivedKeys, RedactionData, RuleSettings } from "./settings.ts";

/** Where keys come from. */
export interface KeySource {
  /** For messages. */
  readonly place: string;
  /** The keys; made where that is wanted. `undefined`: there are none. @throws {Error} they can't be read or made. */
  get(make: boolean): DerivedKeys | undefined;
}

/** The keys that are made of one of 32 bytes. */
export function derivedKeys(key: Uint8Array): DerivedKeys & { seal: Uint8Array } {
  const derive = (use: string) => new Uint8Array(hkdfSync("sha256", key, "", `capstan redact ${use}`, 32));
  return { hash: derive("hash"), seal: derive("seal") };
}

/** An agent's redaction: what is looked for, what becomes of it, and the key of hashes and seals. */
export class AgentRedaction {
  readonly #on: boolean;
  readonly #settings: RuleSettings;
  readonly #redactor: Redactor;
  readonly #source: KeySource;
  #keys: DerivedKeys | undefined;

  private constructor(on: boolean, settings: RuleSettings, rules: readonly ActiveRule[], source: KeySource) {
    this.#on = on;
    this.#settings = settings;
    this.#source = source;
    this.#redactor = new Redactor(rules, (rule, found) => this.#hash(rule, found));
  }

  /**
   * Reads the rules; no key is asked for before one is needed.
   * @throws {TypeError} an own pattern is none.
   * @throws {RangeError} the country of phone numbers is unknown.
   */
  static async of(on: boolean, settings: RuleSettings, source: KeySource): Promise<AgentRedaction> {
    return new AgentRedaction(on, settings, on ? await activeRules(settings) : [], source);
  }

  /** The same in another thread. */
  static in(data: RedactionData): Promise<AgentRedaction> {
    return AgentRedaction.of(data.on, data.rules, { place: data.keyPlace, get: () => data.keys });
  }

  /** Whether anything is looked for. */
  get on(): boolean {
    return this.#on;
  }

  /** The text without what is looked for; the same text where nothing is found. */
  text(text: string): string {
    return this.#on ? this.#redactor.text(text) : text;
  }

  /** As `text`, but what differed still differs: for keys, names and ids. */
  identity(text: string): string {
    return this.#on ? this.#redactor.identity(text) : text;
  }

  /** Any JSON value with its texts so; the same reference where nothing is found. */
  value<V>(value: V): V {
    return this.#on ? this.#redactor.value(value) : value;
  }

  /** What stands in a text, in its order. */
  find(text: string): Finding[] {
    return this.#on ? this.#redactor.find(text) : [];
  }

  /** Bytes as only who has the key can read them; where redaction is off, as they are. */
  seal(bytes: Uint8Array): Uint8Array {
    return this.#on ? seal(bytes, this.#sealKey("seal", true)) : bytes;
  }

  /**
   * What was sealed; other bytes as they are.
   * @throws {Error} the key is gone, or another one; or they were altered.
   */
  open(bytes: Uint8Array): Uint8Array {
    if (!isSealed(bytes)) return bytes;
    const key = this.#sealKey("open", false);
    try {
      return unseal(bytes, key);
    } catch (cause) {
      throw new Error(
        `Cannot open what was sealed: it was altered, or sealed with another key than that of ${this.#source.place}; ` +
          "put the former key back",
        { cause },
      );
    }
  }

  /** What another thread needs to do the same: without `keys` it can't hash, without `seals` not seal or open. */
  data({ key = true, seals = true }: { key?: boolean; seals?: boolean } = {}): RedactionData {
    const keys = key ? this.#keysOf(this.#on) : undefined;
    return {
      on: this.#on,
      rules: this.#settings,
      keyPlace: this.#source.place,
      ...(keys && { keys: { hash: keys.hash, ...(seals && keys.seal && { seal: keys.seal }) } }),
    };
  }

  #hash(rule: string, found: string): string {
    const { hash } = this.#keysOf(true) ?? {};
    if (hash === undefined) throw this.#noKey("hash");
    return createHmac("sha256", hash).update(`${rule}\0${found}`).digest("hex");
  }

  #sealKey(verb: string, make: boolean): Uint8Array {
    const { seal } = this.#keysOf(make) ?? {};
    if (seal === undefined) throw this.#noKey(verb);
    return seal;
  }

  #keysOf(make: boolean): DerivedKeys | undefined {
    return this.#keys ??= this.#source.get(make);
  }

  #noKey(verb: string): Error {
    return new Error(
      `Cannot ${verb} by the key of redaction: there is none in ${this.#source.place}; put it back`,
    );
  }
}

/** The rules that these settings want, with what they do. */
async function activeRules({ actions, phone_country, patterns }: RuleSettings): Promise<ActiveRule[]> {
  const builtIn = builtInRules(phone_country).flatMap((rule): ActiveRule[] => {
    const action = actions[rule.name] ?? "mask";
    return action === "off" ? [] : [{ rule, action }];
  });
  const own = Object.entries(patterns).map(async ([name, { pattern = "", action }]): Promise<ActiveRule> => ({
    rule: await ownRule(name, pattern),
    action,
  }));
  // The user knows best what something is.
  return [...await Promise.all(own), ...builtIn];
}
