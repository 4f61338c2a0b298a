import type { KeyPath } from "./key.ts";
import { type Place, sourceText } from "./problem.ts";
import type { SettingValue } from "./value.ts";

/** A setting as it is in effect. */
export interface Entry {
  /** The full key, name by name. */
  readonly path: KeyPath;
  /** The full key: `store.sqlite`, `topics."tapes.nodes.v1".partitions`. */
  readonly key: string;
  /** As the agent is given it; `***` for a secret; `undefined` where it is not set and has no default. */
  readonly value: SettingValue | undefined;
  /** As TOML writes it, in the words of its source (`"30s"`); `***` for a secret; empty where it is not set. */
  readonly text: string;
  /** Where it comes from; `entrySource` says it in words. */
  readonly place: Place;
  /** Whether its value is masked here. */
  readonly secret: boolean;
  /** One sentence, from the schema. */
  readonly doc: string;
  /** What it takes, to be read behind "it must be". */
  readonly allowed: string;
}

/** Where an entry's value comes from: `default`, `FILE:LINE`, `env NAME`, `flag --x`. */
export function entrySource(entry: Entry): string {
  return sourceText(entry.place);
}
