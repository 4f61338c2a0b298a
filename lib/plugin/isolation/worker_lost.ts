/** The Worker is gone, and with it whatever was under way there. */
export class WorkerLost extends Error {
  /** Marks the class. */
  override readonly name = "WorkerLost";

  /** One error for all that was under way. */
  constructor(plugin: string, reason: Error) {
    super(`Cannot go on with ${plugin}: its worker died: ${reason.message}`, { cause: reason });
  }
}
