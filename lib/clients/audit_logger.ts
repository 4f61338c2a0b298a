import type { AuditEvent } from "./audit_event.ts";
import type { ProducerClient } from "./producer_client.ts";

/** What an `AuditLogger` logs. */
export interface AuditEntry {
  /** Who asked. */
  userId: string;
  /** Which model answered. */
  model: string;
  /** What was asked. */
  prompt: string;
  /** What was answered. */
  response: string;
  /** The call's id. Default: none. */
  requestId?: string | null;
  /** Whatever else belongs to it; plain data. Default: nothing. */
  metadata?: Readonly<Record<string, unknown>>;
  /** True (default): resolves when the event is stored. False: when the producer has taken it. */
  wait?: boolean;
}

/** The producer of an `AuditLogger`. */
export type AuditProducer = Pick<ProducerClient, "publish">;

const TOPIC = "ractogateway.audit";

/**
 * Publishes what was asked of which model by whom, with the answer: one event a call, as JSON, keyed by its user. The
 * topic is all there is to it: nothing is chained, numbered, sealed or signed here. That is what an agent's audit plugin
 * does, with what its `POST /v1/audit` is sent and what its proxy records.
 */
export class AuditLogger {
  readonly #producer: AuditProducer;
  /** Where events go. */
  readonly topic: string;

  /**
   * `producer` stays its owner's to flush and close. `topic` is "ractogateway.audit" unless told otherwise.
   * @throws {TypeError} the topic has no name.
   */
  constructor(producer: AuditProducer, { topic = TOPIC }: { topic?: string } = {}) {
    if (topic === "") throw new TypeError("Cannot log to a topic without a name; give one, or leave it out");
    this.#producer = producer;
    this.topic = topic;
  }

  /**
   * Logs one call. Resolves with the event: with `wait` when it is stored, without when the producer has taken it, which
   * then stores it by itself; `flush` and `close` of the producer resolve when that is done, and reject with
   * `PublishFailures` where it was not.
   * @throws what `ProducerClient.publish` throws; the event may not be stored.
   */
  async log(
    { userId, model, prompt, response, requestId, metadata, wait = true }: AuditEntry,
  ): Promise<AuditEvent> {
    const event: AuditEvent = {
      userId,
      model,
      prompt,
      response,
      requestId: requestId ?? null,
      metadata: { ...metadata },
      timestampUtc: new Date().toISOString(),
    };
    await this.#producer.publish(this.topic, {
      user_id: event.userId,
      model: event.model,
      prompt: event.prompt,
      response: event.response,
      request_id: event.requestId,
      metadata: event.metadata,
      timestamp_utc: event.timestampUtc,
    }, { key: userId, wait });
    return event;
  }
}
