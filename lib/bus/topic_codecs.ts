import { CODECS, isEncoded } from "./codec.ts";
import type { Codec, OutgoingValue, TopicValues } from "./handler.ts";
import { NO_REDACTION } from "./no_redaction.ts";
import type { Redaction } from "./redaction.ts";
import { isDeadLetterTopic } from "./stream/dead_letters.ts";
import { redactJson, redactUtf8 } from "./redact_bytes.ts";
import type { SchemaCheck, SchemaCompiler } from "./value_schema.ts";
import { errorChain } from "../telemetry/plain.ts";

/** How the values of one topic become bytes and back. */
export class TopicCodec {
  readonly #topic: string;
  readonly #codec: Codec;
  readonly #check: SchemaCheck | undefined;
  readonly #redaction: Redaction;

  /** `topic`, its logical name, is for messages. */
  constructor(topic: string, codec: Codec, check?: SchemaCheck, redaction: Redaction = NO_REDACTION) {
    this.#topic = topic;
    this.#codec = codec;
    this.#check = check;
    this.#redaction = redaction;
  }

  /** A value is its bytes: reading one costs nothing. */
  get isBytes(): boolean {
    return this.#codec === CODECS.bytes;
  }

  /**
   * The bytes to be sent: bytes as they are, `null` as the tombstone it is, anything else by the codec; redacted.
   * @throws {TypeError} the value has no such form, or does not match the topic's schema (any more, once redacted).
   */
  encode(value: OutgoingValue): Uint8Array | null {
    const bytes = this.redacted(isEncoded(value) ? value : this.#bytesOf(value));
    const fault = bytes === null ? undefined : this.faultOf(bytes);
    if (fault !== undefined) throw new TypeError(this.#cannotPublish(fault));
    return bytes;
  }

  /**
   * The bytes without what redaction finds in them. What is no JSON or text has none that it could find; JSON that is
   * broken is read as a text.
   */
  redacted(bytes: Uint8Array | null): Uint8Array | null {
    if (bytes === null || !this.#redaction.on) return bytes;
    if (this.#codec === CODECS.json) return redactJson(bytes, this.#redaction);
    return this.#codec === CODECS.text ? redactUtf8(bytes, this.#redaction) : bytes;
  }

  /**
   * Why bytes do not match the topic's schema; `undefined`: they do, or it has none. What a reader would be given is
   * checked, not what was handed over: a Date is a string there.
   */
  faultOf(bytes: Uint8Array): string | undefined {
    if (this.#check === undefined) return undefined;
    let value: unknown;
    try {
      value = this.#codec.decode(bytes);
    } catch (cause) {
      return `the value is no ${this.#kind}: ${errorChain(cause)}`;
    }
    return this.#check(value);
  }

  /**
   * The value of some bytes; `null` of a tombstone.
   * @throws {TypeError} they are no such value, or one that does not match the topic's schema.
   */
  decode(bytes: Uint8Array | null): unknown {
    if (bytes === null) return null;
    let value: unknown;
    try {
      value = this.#codec.decode(bytes);
    } catch (cause) {
      const message = `Cannot read a value of ${this.#topic}: it is no ${this.#kind}`;
      throw new TypeError(message, { cause });
    }
    const fault = this.#check?.(value);
    if (fault !== undefined) throw new TypeError(`Cannot read a value of ${this.#topic}: ${fault}`);
    return value;
  }

  #bytesOf(value: Exclude<OutgoingValue, Uint8Array | null>): Uint8Array {
    let bytes: unknown;
    try {
      bytes = this.#codec.encode(value);
    } catch (cause) {
      throw new TypeError(this.#cannotPublish(errorChain(cause)), { cause });
    }
    if (bytes instanceof Uint8Array) return bytes;
    throw new TypeError(
      this.#cannotPublish(`its codec ${this.#codec.name} gave ${typeof bytes} instead of bytes`),
    );
  }

  #cannotPublish(fault: string): string {
    return `Cannot publish to ${this.#topic}: ${fault}`;
  }

  get #kind(): string {
    return this.#codec === CODECS.json ? "JSON" : this.#codec.name;
  }
}

/** The codecs of all topics, by logical name. */
export class TopicCodecs {
  /** What is taken out of what is written. */
  readonly redaction: Redaction;
  #codecs: Map<string, TopicCodec>;

  /** Topics that are not among `codecs` have JSON, dead letters bytes. See `topicCodecs`. */
  constructor(
    codecs: Iterable<readonly [topic: string, codec: TopicCodec]> = [],
    redaction: Redaction = NO_REDACTION,
  ) {
    this.#codecs = new Map(codecs);
    this.redaction = redaction;
  }

  /** Takes over what plugins say now. Whoever holds these codecs reads and writes by them from here on. */
  become(others: TopicCodecs): void {
    this.#codecs = others.#codecs;
  }

  /** The codec of a topic. */
  of(topic: string): TopicCodec {
    const known = this.#codecs.get(topic);
    if (known !== undefined) return known;
    const codec = isDeadLetterTopic(topic) ? CODECS.bytes : CODECS.json;
    const made = new TopicCodec(topic, codec, undefined, this.redaction);
    this.#codecs.set(topic, made);
    return made;
  }
}

/**
 * Makes the codecs of declared topics, each schema compiled once; `late`, when its first value comes: a thread that has a
 * few of the topics does not pay for all, and what is no schema was found by another.
 * @throws {TypeError} a schema is none.
 */
export async function topicCodecs(
  declared: Iterable<readonly [topic: string, values: TopicValues]>,
  redaction: Redaction = NO_REDACTION,
  { late = false }: { late?: boolean } = {},
): Promise<TopicCodecs> {
  const made: [string, TopicCodec][] = [];
  let compile: SchemaCompiler | undefined;
  for (const [topic, { codec = "json", schema }] of declared) {
    let check: SchemaCheck | undefined;
    try {
      if (schema !== undefined) {
        const compiler = compile ??= await loadCompiler();
        check = late ? compiledLate(() => compiler(schema)) : compiler(schema);
      }
    } catch (cause) {
      throw new TypeError(`Cannot use the schema of topic ${topic}: ${errorChain(cause)}`, { cause });
    }
    made.push([
      topic,
      new TopicCodec(topic, typeof codec === "string" ? CODECS[codec] : codec, check, redaction),
    ]);
  }
  return new TopicCodecs(made, redaction);
}

function compiledLate(compile: () => SchemaCheck): SchemaCheck {
  let check: SchemaCheck | undefined;
  return (value) => (check ??= compile())(value);
}

async function loadCompiler(): Promise<SchemaCompiler> {
  const { schemaCompiler } = await import("./value_schema.ts");
  return schemaCompiler();
}
