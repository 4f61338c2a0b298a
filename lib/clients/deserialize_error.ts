import type { BusRecord } from "../bus/contract.ts";

/** A deserializer threw. The record is neither lost nor passed: the next `poll` meets it again, until `seek`. */
export class DeserializeError extends Error {
  /** Marks the class. */
  override readonly name = "DeserializeError";
  /** The record as it lies: topic, partition, offset, and the bytes of key and value. */
  readonly record: BusRecord;

  /** `part` is what could not be read. */
  constructor(part: "key" | "value", record: BusRecord, cause: unknown) {
    const { topic, partition, offset } = record;
    const state = cause instanceof Error ? cause.message : String(cause);
    super(
      `Cannot read the ${part} of the record at offset ${offset} of partition ${partition} of "${topic}": ${state}; ` +
        `seek({ topic, partition, offset: ${offset + 1} }) passes it`,
      { cause },
    );
    this.record = record;
  }
}
