/** A topic asks for more copies than there are brokers. */
export class ReplicationError extends Error {
  /** For `error.name`. */
  override readonly name = "ReplicationError";
  /** `replication` copies were asked for, `brokers` there are. */
  constructor(readonly topic: string, readonly replication: number, readonly brokers: number) {
    super(
      `Cannot create topic "${topic}": it asks for ${replication} copies, and the cluster has ${brokers} ` +
        `broker${brokers === 1 ? "" : "s"}; lower its replication or add brokers`,
    );
  }
}
