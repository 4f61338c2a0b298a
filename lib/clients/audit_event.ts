/** What an audit trail says of one call of a model. */
export interface AuditEvent {
  /** Who asked. */
  readonly userId: string;
  /** Which model answered. */
  readonly model: string;
  /** What was asked. */
  readonly prompt: string;
  /** What was answered. */
  readonly response: string;
  /** The call's id; `null`: it has none. */
  readonly requestId: string | null;
  /** Whatever else belongs to it; plain data. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** When, as ISO 8601 in UTC. */
  readonly timestampUtc: string;
}
