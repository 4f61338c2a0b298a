import * as z from "zod";
import { ClientConfigError } from "./config_error.ts";
import type { KafkaEnvironment } from "./environment.ts";

/** Where the bus is and how to get in: what producers and consumers share. */
export interface ConnectionConfig {
  /**
   * `"kafka"` (default), or `"local:FILE"`: a log in this SQLite file, made where it is missing. Then what is said of
   * brokers, security, acks and compression has no meaning and may be left out.
   */
  bus?: string;
  /** `host:port`, one or several; a text may name several with commas. Default `localhost:9092`. */
  bootstrapServers?: string | readonly string[];
  /** What the cluster's logs call this client. */
  clientId?: string;
  /** How connections are secured. Default `PLAINTEXT`. */
  securityProtocol?: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  /** Needed with `SASL_…`. Default `null`. */
  saslMechanism?: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER" | null;
  /** The user of PLAIN and SCRAM. Default `null`. */
  saslPlainUsername?: string | null;
  /** The password of PLAIN and SCRAM. Default `null`. */
  saslPlainPassword?: string | null;
  /** With OAUTHBEARER: a file that holds the token, read again for each connection. Default `null`. */
  saslTokenFile?: string | null;
  /** With OAUTHBEARER: an address that gives tokens, instead of a file. Default `null`. */
  saslTokenUrl?: string | null;
  /** Client of the client-credentials grant at that address; without one a GET must give the token. Default `null`. */
  saslTokenClientId?: string | null;
  /** Its secret. Default `null`. */
  saslTokenClientSecret?: string | null;
  /** Scope to ask for. Default `null`. */
  saslTokenScope?: string | null;
  /** PEM file of the authorities to trust instead of the system's. Default `null`. */
  sslCaFile?: string | null;
  /** PEM file of this client's certificate, where the cluster asks for one. Default `null`. */
  sslCertFile?: string | null;
  /** PEM file of its key. Default `null`. */
  sslKeyFile?: string | null;
  /**
   * Partitions a missing topic is created with when it is first used; 0: a missing topic is an error. Default 1 on a
   * local file, 0 on Kafka.
   */
  createTopics?: number;
}

/** A whole number from `min` on. */
export function wholeNumber(min: number): z.ZodNumber {
  const error = `must be a whole number, ${min} or more`;
  return z.number({ error }).int({ error }).min(min, { error });
}

const PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] as const;
const LOCAL = /^local:.+/;

const text = (what: string) => z.string({ error: what }).min(1, { error: what });
const orNull = (what: string) => text(`must be ${what}, or null`).nullable().default(null);
const SERVERS = "must be host:port, or a list of them";

/** zod's side of `ConnectionConfig`. */
export const connectionShape = {
  bus: z.string({ error: 'must be "kafka" or "local:FILE"' })
    .refine((bus) => bus === "kafka" || LOCAL.test(bus), { error: 'must be "kafka" or "local:FILE"' })
    .default("kafka"),
  bootstrapServers: z.union([z.string(), z.array(z.string())], { error: SERVERS })
    .transform((servers) => [servers].flat().flatMap((each) => each.split(",")).map(withPort))
    .refine((servers) => servers.length > 0 && servers.every((each) => /^.+:\d+$/.test(each)), {
      error: SERVERS,
    })
    .default(["localhost:9092"]),
  securityProtocol: z.enum(PROTOCOLS, { error: `must be one of ${PROTOCOLS.join(", ")}` }).default(
    "PLAINTEXT",
  ),
  saslMechanism: z.enum(MECHANISMS, { error: `must be one of ${MECHANISMS.join(", ")}, or null` }).nullable()
    .default(null),
  saslPlainUsername: orNull("a text"),
  saslPlainPassword: orNull("a text"),
  saslTokenFile: orNull("the path of a file"),
  saslTokenUrl: orNull("an address"),
  saslTokenClientId: orNull("a text"),
  saslTokenClientSecret: orNull("a text"),
  saslTokenScope: orNull("a text"),
  sslCaFile: orNull("the path of a file"),
  sslCertFile: orNull("the path of a file"),
  sslKeyFile: orNull("the path of a file"),
  createTopics: wholeNumber(0).optional(),
} as const;

/** Connection settings with every default in its place. */
export type ConnectionSettings = z.infer<z.ZodObject<typeof connectionShape>> & { clientId: string };

/** The given configuration, and what it leaves out from the environment. */
export function filled(config: ConnectionConfig, environment: KafkaEnvironment): object {
  // What is no table of settings at all is refused by the schema.
  if (typeof config !== "object" || config === null) return config;
  if (typeof config.bus === "string" && isLocal(config.bus)) return config;
  const { bootstrapServers, securityProtocol, saslMechanism, saslPlainUsername, saslPlainPassword } =
    environment;
  const secured = { ...present({ bootstrapServers, securityProtocol }), ...present(config) };
  const sasl = String(secured.securityProtocol ?? "").startsWith("SASL")
    ? present({ saslMechanism, saslPlainUsername, saslPlainPassword })
    : {};
  return { ...sasl, ...secured };
}

/** @throws {ClientConfigError} settings contradict each other. */
export function checkConnection(what: string, settings: ConnectionSettings): void {
  if (isLocal(settings.bus)) return;
  const problems: string[] = [];
  const { securityProtocol: protocol, saslMechanism: mechanism } = settings;
  const sasl = protocol.startsWith("SASL");
  if (sasl && mechanism === null) problems.push(`saslMechanism must be set with ${protocol}`);
  if (!sasl && mechanism !== null) {
    problems.push(`saslMechanism has no meaning with ${protocol}; set securityProtocol to SASL_SSL`);
  }
  const password = settings.saslPlainUsername !== null && settings.saslPlainPassword !== null;
  if (mechanism === "OAUTHBEARER" && (settings.saslTokenFile === null) === (settings.saslTokenUrl === null)) {
    problems.push("one of saslTokenFile and saslTokenUrl must be set with OAUTHBEARER");
  }
  if ((settings.saslTokenClientId === null) !== (settings.saslTokenClientSecret === null)) {
    problems.push("saslTokenClientId and saslTokenClientSecret need each other");
  }
  if (mechanism !== null && mechanism !== "OAUTHBEARER" && !password) {
    problems.push(`saslPlainUsername and saslPlainPassword must be set with ${mechanism}`);
  }
  const { sslCaFile, sslCertFile, sslKeyFile } = settings;
  if (!protocol.endsWith("SSL") && [sslCaFile, sslCertFile, sslKeyFile].some((file) => file !== null)) {
    problems.push(`sslCaFile, sslCertFile and sslKeyFile have no meaning with ${protocol}`);
  }
  if ((sslCertFile === null) !== (sslKeyFile === null)) {
    problems.push("sslCertFile and sslKeyFile need each other");
  }
  if (problems.length > 0) throw new ClientConfigError(what, problems);
}

/** Whether the bus is a file. */
export function isLocal(bus: string): boolean {
  return LOCAL.test(bus);
}

function withPort(server: string): string {
  const name = server.trim();
  return name === "" || /:\d+$/.test(name) ? name : `${name}:9092`;
}

/** What is set: a key that is `undefined` was left out. */
function present(values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
