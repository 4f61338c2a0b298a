/** What the environment says of the cluster; `undefined` where it says nothing. */
export interface KafkaEnvironment {
  /** `KAFKA_BOOTSTRAP_SERVERS`. */
  readonly bootstrapServers?: string;
  /** `KAFKA_SECURITY_PROTOCOL`. */
  readonly securityProtocol?: string;
  /** `KAFKA_SASL_MECHANISM`. */
  readonly saslMechanism?: string;
  /** `KAFKA_SASL_USERNAME`. */
  readonly saslPlainUsername?: string;
  /** `KAFKA_SASL_PASSWORD`. */
  readonly saslPlainPassword?: string;
  /** `KAFKA_CONSUMER_GROUP`. */
  readonly groupId?: string;
}

/** Reads the variables named `KAFKA_…`. Empty ones, and all where the program may not read them, count as unset. */
export function kafkaEnvironment(get: (name: string) => string | undefined = variable): KafkaEnvironment {
  const read = (name: string) => get(name) || undefined;
  return {
    bootstrapServers: read("KAFKA_BOOTSTRAP_SERVERS"),
    securityProtocol: read("KAFKA_SECURITY_PROTOCOL"),
    saslMechanism: read("KAFKA_SASL_MECHANISM"),
    saslPlainUsername: read("KAFKA_SASL_USERNAME"),
    saslPlainPassword: read("KAFKA_SASL_PASSWORD"),
    groupId: read("KAFKA_CONSUMER_GROUP"),
  };
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** All variables; only those that the program may read, which without leave are none. */
export function everyVariable(): Readonly<Record<string, string | undefined>> {
  return new Proxy<Record<string, string | undefined>>({}, {
    get: (_, name) => typeof name === "string" ? variable(name) : undefined,
  });
}
