import { resolve } from "node:path";
import process from "node:process";
import { ConfigError, problemText } from "../config/problem.ts";
import { ClientConfigError } from "./config_error.ts";
import type { ConnectionConfig } from "./connection_config.ts";
import { everyVariable } from "./environment.ts";

/** What a file's `[kafka]` is read with. */
export interface KafkaConfigFromOptions {
  /** An agent's config.toml, or any TOML file with a table `[kafka]`; other tables are read past. */
  file: string;
  /** Variables that come before the file, as for the agent: `KAFKA_…` and `CAPSTAN_KAFKA_…`. Default: the process's. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** `[kafka]` of a file, as clients take it. */
export interface KafkaFileConfig {
  /** For `ProducerClient` and `KafkaEventProducer`. */
  producer: ConnectionConfig;
  /** For `ConsumerClient` and `KafkaEventConsumer`, with `consumer_group` where it is set. */
  consumer: ConnectionConfig & { groupId?: string };
}

/**
 * Reads the table `[kafka]` of a TOML file. Paths in it start at its folder.
 * @throws {ClientConfigError} there is no such file, it is no TOML, or something in `[kafka]` is missing, unknown or wrong;
 * each problem with file, line, column and key.
 */
export async function kafkaConfigFrom(options: KafkaConfigFromOptions): Promise<KafkaFileConfig> {
  const { settings, given } = await read(options);
  const connection: ConnectionConfig = {
    bus: "kafka",
    bootstrapServers: settings.bootstrap_servers,
    securityProtocol: settings.security_protocol,
    saslMechanism: settings.sasl_mechanism ?? null,
    saslPlainUsername: settings.sasl_username ?? null,
    saslPlainPassword: settings.sasl_password ?? null,
    saslTokenFile: settings.sasl_token_file ?? null,
    saslTokenUrl: settings.sasl_token_url ?? null,
    saslTokenClientId: settings.sasl_token_client_id ?? null,
    saslTokenClientSecret: settings.sasl_token_client_secret ?? null,
    saslTokenScope: settings.sasl_token_scope ?? null,
    sslCaFile: settings.ssl_ca_file ?? null,
    sslCertFile: settings.ssl_cert_file ?? null,
    sslKeyFile: settings.ssl_key_file ?? null,
    // The agent's default is no name for a program.
    ...(given.has("client_id") && { clientId: settings.client_id }),
  };
  const { consumer_group: groupId } = settings;
  return { producer: connection, consumer: { ...connection, ...(groupId !== undefined && { groupId }) } };
}

async function read({ file, env = everyVariable() }: KafkaConfigFromOptions) {
  // Programs that read no file need no parser.
  const { readKafkaTable } = await import("../config/kafka_table.ts");
  const cwd = process.cwd();
  try {
    return readKafkaTable({ file: resolve(cwd, file), env, cwd });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems, message } = error;
    const said = problems.length > 0 ? problems.map(problemText) : [message];
    throw new ClientConfigError(`[kafka] of ${file}`, said, { cause: error });
  }
}
