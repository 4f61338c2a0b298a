/** Records published with `wait: false` that were not stored. Thrown by the next `flush` or `close`. */
export class PublishFailures extends AggregateError {
  /** Marks the class. */
  override readonly name = "PublishFailures";
  /** How many records were not stored. */
  readonly count: number;

  /** `errors` are the first different reasons. */
  constructor(count: number, errors: readonly unknown[]) {
    const records = count === 1 ? "1 record" : `${count} records`;
    const [first] = errors;
    const reason = first instanceof Error ? first.message : String(first);
    super([...errors], `Cannot store ${records} published with wait: false: ${reason}`, { cause: first });
    this.count = count;
  }
}
