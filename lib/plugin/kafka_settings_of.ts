import type { KafkaSettings } from "../bus/kafka/settings.ts";
import type { HostSettings } from "./host_contract.ts";

/** The cluster that `[kafka]` names or, for nodes alone, `[publisher.kafka]`; `undefined` where neither does. */
export function kafkaSettingsOf(
  { kafka = {}, publisher }: Pick<HostSettings, "kafka" | "publisher">,
): KafkaSettings | undefined {
  const whole = (kafka.bootstrap_servers ?? []).length > 0;
  const bootstrapServers = whole ? kafka.bootstrap_servers : publisher?.kafka?.brokers;
  if (bootstrapServers === undefined || bootstrapServers.length === 0) return undefined;
  return {
    bootstrapServers,
    securityProtocol: kafka.security_protocol,
    saslMechanism: kafka.sasl_mechanism,
    saslUsername: kafka.sasl_username,
    saslPassword: kafka.sasl_password,
    saslTokenFile: kafka.sasl_token_file,
    saslTokenUrl: kafka.sasl_token_url,
    saslTokenClientId: kafka.sasl_token_client_id,
    saslTokenClientSecret: kafka.sasl_token_client_secret,
    saslTokenScope: kafka.sasl_token_scope,
    sslCaFile: kafka.ssl_ca_file,
    sslCertFile: kafka.ssl_cert_file,
    sslKeyFile: kafka.ssl_key_file,
    clientId: (whole ? undefined : publisher?.kafka?.client_id) ?? kafka.client_id,
  };
}
