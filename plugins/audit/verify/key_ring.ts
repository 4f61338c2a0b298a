import { Buffer } from "node:buffer";
import { type NoteVerifier, parseVerifierKey } from "../tree/note_keys.ts";
import type { Note } from "../tree/signed_note.ts";
import type { ChainedRecord } from "./read_record.ts";

/** What a note's signatures are worth. */
export interface Judgement {
  /**
   * `good`: a trusted key signed it. `announced`: a key did that a record names, but no trusted key has signed that record
   * yet.
   */
  readonly verdict: "good" | "announced" | "forged" | "unknown";
  /** Why, where it is `forged` or `unknown`. */
  readonly why: string;
  /** Signatures of keys that are not known, so not checked. */
  readonly unchecked: number;
}

/** What a `key` record says. */
interface KeyChange {
  readonly verifier: NoteVerifier;
  readonly retired: boolean;
}

/** The keys of one writer: those given, and those its `key` records name once a trusted key has signed these. */
export class KeyRing {
  #trusted: NoteVerifier[];
  #announced: NoteVerifier[] = [];
  #retired: NoteVerifier[] = [];
  #changes: KeyChange[] = [];

  /** @param keys Those trusted from the start; keys of another name than the trail's are not asked. */
  constructor(readonly name: string, keys: readonly NoteVerifier[]) {
    this.#trusted = keys.filter((key) => key.name === name);
  }

  /** Takes note of a `key` record. Gives why it says nothing, where it does. */
  announce({ facts: { action, vkey } = {} }: Pick<ChainedRecord, "facts">): string | undefined {
    if (action !== "added" && action !== "retired") return undefined;
    try {
      const verifier = parseVerifierKey(String(vkey));
      if (verifier.name !== this.name) return `it names a key of ${verifier.name}`;
      this.#changes.push({ verifier, retired: action === "retired" });
      const others = this.#announced.filter((key) => key.vkey !== verifier.vkey);
      this.#announced = action === "added" ? [...others, verifier] : others;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** What a note's signatures are worth now. */
  judge({ text, signatures }: Note): Judgement {
    const bytes = Buffer.from(text);
    const by = (keys: readonly NoteVerifier[], { name, id }: { name: string; id: string }) =>
      keys.find((key) => key.name === name && key.id === id);
    let verdict: Judgement["verdict"] = "unknown";
    let unchecked = 0;
    for (const each of signatures) {
      const trusted = by(this.#trusted, each);
      const key = trusted ?? by(this.#announced, each);
      if (!key) unchecked++;
      else if (!key.verify(bytes, each.signature)) {
        return { verdict: "forged", why: `the signature of ${key.name}+${key.id} does not hold`, unchecked };
      } else if (trusted) verdict = "good";
      else if (verdict === "unknown") verdict = "announced";
    }
    const names = signatures.map(({ name, id }) => `${name}+${id}`).join(", ");
    const retired = verdict === "unknown" && signatures.some((each) => by(this.#retired, each));
    const why = retired
      ? `it is signed by ${names}, which had been retired`
      : `it is signed by ${names}, no known key`;
    return { verdict, why, unchecked };
  }

  /** A trusted key has signed the records so far: what they say of keys holds from here on. */
  signed(): void {
    const held = this.#changes;
    this.#changes = [];
    for (const { verifier, retired } of held) {
      const others = (keys: readonly NoteVerifier[]) => keys.filter((key) => key.vkey !== verifier.vkey);
      this.#announced = others(this.#announced);
      this.#trusted = others(this.#trusted);
      this.#retired = others(this.#retired);
      (retired ? this.#retired : this.#trusted).push(verifier);
    }
  }
}
