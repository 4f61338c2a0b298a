import type { BusRecord, Header } from "./contract.ts";

/** Header of a record that was emptied because somebody's data was erased. */
export const ERASED_HEADER = "capstan.erased";

/** What is left of such a record: its offset, its timestamp and this. */
export const ERASED_HEADERS: readonly Header[] = [[ERASED_HEADER, Uint8Array.of(0x31)]];

/**
 * Whether a record was emptied. It keeps its offset, so that readers' places and lags stay right, and goes to no handler
 * and to no other bus.
 */
export function isErased({ value, headers }: Pick<BusRecord, "value" | "headers">): boolean {
  return value === null && headers.some(([name]) => name === ERASED_HEADER);
}
