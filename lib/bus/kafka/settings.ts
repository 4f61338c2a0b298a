import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { BaseOptions, SASLOptions } from "@platformatic/kafka";
import { oauthTokens } from "./oauth_token.ts";

/** Where the cluster is and how to get in: `[kafka]` of the configuration. */
export interface KafkaSettings {
  /** `host:port`, at least one. */
  bootstrapServers: readonly string[];
  /** Default `PLAINTEXT`. */
  securityProtocol?: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  /** Needed with `SASL_…`. */
  saslMechanism?: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";
  /** The user. */
  saslUsername?: string;
  /** The user's password. */
  saslPassword?: string;
  /** With OAUTHBEARER: a file that holds the token; read again for each connection. */
  saslTokenFile?: string;
  /** With OAUTHBEARER: an address that gives tokens, instead of a file; kept until shortly before they end. */
  saslTokenUrl?: string;
  /** With a secret: the client-credentials grant at that address. */
  saslTokenClientId?: string;
  /** The secret of `saslTokenClientId`. */
  saslTokenClientSecret?: string;
  /** Scope to ask for. */
  saslTokenScope?: string;
  /** PEM file of the authorities to trust instead of the system's. */
  sslCaFile?: string;
  /** PEM files of this client's certificate and key, where the cluster asks for them. */
  sslCertFile?: string;
  /** PEM file of this client's key. */
  sslKeyFile?: string;
  /** What the cluster's logs call this client. Default `capstan`. */
  clientId?: string;
}

/** Options all clients share. */
export type ConnectionSettings = BaseOptions;

/**
 * Turns settings into the library's options; reads the files they name.
 * @throws {TypeError} settings contradict each other.
 * @throws {Error} a file cannot be read.
 */
export async function connectionSettings(settings: KafkaSettings): Promise<ConnectionSettings> {
  const { securityProtocol = "PLAINTEXT", bootstrapServers } = settings;
  if (bootstrapServers.length === 0) {
    throw new TypeError("Cannot connect to Kafka: bootstrap_servers is empty");
  }
  const options: ConnectionSettings = {
    clientId: settings.clientId ?? "capstan",
    bootstrapBrokers: [...bootstrapServers],
    connectTimeout: 4_000,
    // Misspelt options are an error, not ignored.
    strict: true,
  };
  if (securityProtocol.endsWith("SSL")) {
    options.tls = await tlsOptions(settings);
    // Certificates are issued for names; the library throws when it is told to present an address as one.
    if (bootstrapServers.every((server) => isIP(hostOf(server)) === 0)) options.tlsServerName = true;
  } else if (settings.sslCaFile ?? settings.sslCertFile ?? settings.sslKeyFile) {
    throw new TypeError(
      `Cannot connect to Kafka: ssl files are set, but security_protocol is ${securityProtocol}`,
    );
  }
  if (securityProtocol.startsWith("SASL")) options.sasl = saslOptions(settings);
  return options;
}

async function tlsOptions(settings: KafkaSettings): Promise<NonNullable<BaseOptions["tls"]>> {
  const tls: NonNullable<BaseOptions["tls"]> = {};
  if (settings.sslCaFile !== undefined) tls.ca = await readPem("ssl_ca_file", settings.sslCaFile);
  if ((settings.sslCertFile === undefined) !== (settings.sslKeyFile === undefined)) {
    throw new TypeError("Cannot connect to Kafka: ssl_cert_file and ssl_key_file need each other");
  }
  if (settings.sslCertFile !== undefined) tls.cert = await readPem("ssl_cert_file", settings.sslCertFile);
  if (settings.sslKeyFile !== undefined) tls.key = await readPem("ssl_key_file", settings.sslKeyFile);
  return tls;
}

function saslOptions(settings: KafkaSettings): SASLOptions {
  const { saslMechanism: mechanism, saslUsername, saslPassword, saslTokenFile } = settings;
  if (mechanism === undefined) throw new TypeError("Cannot connect to Kafka: sasl_mechanism is not set");
  if (mechanism === "OAUTHBEARER") {
    if (settings.saslTokenUrl !== undefined) {
      return {
        mechanism,
        token: oauthTokens({
          url: settings.saslTokenUrl,
          clientId: settings.saslTokenClientId,
          clientSecret: settings.saslTokenClientSecret,
          scope: settings.saslTokenScope,
        }),
      };
    }
    if (saslTokenFile === undefined) {
      throw new TypeError("Cannot connect to Kafka: OAUTHBEARER needs a token file or URL");
    }
    return { mechanism, token: async () => (await readPem("sasl_token_file", saslTokenFile)).trim() };
  }
  if (saslUsername === undefined || saslPassword === undefined) {
    throw new TypeError(`Cannot connect to Kafka: ${mechanism} needs sasl_username and sasl_password`);
  }
  return { mechanism, username: saslUsername, password: saslPassword };
}

async function readPem(key: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(`Cannot read ${key} "${file}"`, { cause });
  }
}

function hostOf(server: string): string {
  return server.slice(0, server.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}
