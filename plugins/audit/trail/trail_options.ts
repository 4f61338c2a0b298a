import type { MasterKeyPlace } from "../seal/master_keys.ts";

/** What the trail's handler in the Worker is given; plain data. */
export interface TrailOptions extends MasterKeyPlace {
  /** Topic of the trail. */
  readonly topic: string;
  /** Written into each record that the Worker enters. */
  readonly policyVersion?: string;
}
