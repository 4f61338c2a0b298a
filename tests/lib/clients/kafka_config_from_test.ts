import assert from "node:assert/strict";
import { join } from "node:path";
import { ClientConfigError } from "../../../lib/clients/config_error.ts";
import { consumerSettings } from "../../../lib/clients/consumer_config.ts";
import { kafkaConfigFrom } from "../../../lib/clients/kafka_config_from.ts";
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import { producerSettings } from "../../../lib/clients/producer_config.ts";
import { onKafka, theBrokerEnds } from "./buses.ts";

/** Runs a test with a file that holds `text`, in a folder of its own. */
async function withFile(text: string, test: (file: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "config.toml");
    await Deno.writeTextFile(file, text);
    await test(file, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a file is refused for, with FILE in place of its name. */
async function refusal(text: string, env: Record<string, string> = {}): Promise<string> {
  let said = "";
  await withFile(text, async (file) => {
    await assert.rejects(kafkaConfigFrom({ file, env }), (error) => {
      assert.ok(error instanceof ClientConfigError, String(error));
      said = error.message.replaceAll(file, "FILE");
      return true;
    });
  });
  return said;
}

const SECURED = `
[store]
sqlite = "elsewhere.sqlite"

[kafka]
bootstrap_servers = ["a:1", "b:2"]
security_protocol = "SASL_SSL"
sasl_mechanism = "SCRAM-SHA-512"
sasl_username = "ada"
sasl_password_file = "password"
ssl_ca_file = "ca.pem"
consumer_group = "readers"
`;

Deno.test("kafkaConfigFrom() gives [kafka] as both kinds of clients take it; paths start at the file's folder", async () => {
  await withFile(SECURED, async (file, folder) => {
    await Deno.writeTextFile(join(folder, "password"), "s3cret\n");
    const { producer, consumer } = await kafkaConfigFrom({ file, env: {} });
    const settings = producerSettings(producer);
    assert.deepEqual(settings.bootstrapServers, ["a:1", "b:2"]);
    assert.equal(settings.securityProtocol, "SASL_SSL");
    assert.equal(settings.saslMechanism, "SCRAM-SHA-512");
    assert.deepEqual([settings.saslPlainUsername, settings.saslPlainPassword], ["ada", "s3cret"]);
    assert.equal(settings.sslCaFile, join(folder, "ca.pem"));
    assert.equal(settings.clientId, "capstan-producer", "the agent's default is no name for a program");
    assert.deepEqual(producerSettings({ ...producer, lingerMs: 20 }).lingerMs, 20);
    const reading = consumerSettings({ ...consumer, topics: ["t"] });
    assert.deepEqual([reading.groupId, reading.saslPlainPassword], ["readers", "s3cret"]);
  });
});

Deno.test("kafkaConfigFrom() takes every key of [kafka], tokens and certificates among them", async () => {
  const text = `kafka.bootstrap_servers = "a:1, b:2"
kafka.security_protocol = "SASL_SSL"
kafka.sasl_mechanism = "OAUTHBEARER"
kafka.sasl_token_url = "https://login.example/token"
kafka.sasl_token_client_id = "me"
kafka.sasl_token_client_secret = "hush"
kafka.sasl_token_scope = "kafka"
kafka.ssl_cert_file = "/c.pem"
kafka.ssl_key_file = "/k.pem"
kafka.client_id = "stats"
`;
  await withFile(text, async (file) => {
    const { producer } = await kafkaConfigFrom({ file, env: {} });
    assert.deepEqual(producerSettings(producer), {
      ...producerSettings({}),
      bootstrapServers: ["a:1", "b:2"],
      securityProtocol: "SASL_SSL",
      saslMechanism: "OAUTHBEARER",
      saslTokenUrl: "https://login.example/token",
      saslTokenClientId: "me",
      saslTokenClientSecret: "hush",
      saslTokenScope: "kafka",
      sslCertFile: "/c.pem",
      sslKeyFile: "/k.pem",
      clientId: "stats",
    });
  });
  await withFile(
    text.replace(/kafka.sasl_token_[\s\S]*?\n(?=kafka.ssl)/, 'kafka.sasl_token_file = "t"\n'),
    async (
      file,
      folder,
    ) => {
      const { producer } = await kafkaConfigFrom({ file, env: {} });
      assert.equal(producer.saslTokenFile, join(folder, "t"));
    },
  );
});

Deno.test("kafkaConfigFrom() lets variables come before the file, and be all there is", async () => {
  await withFile('[kafka]\nbootstrap_servers = ["a:1"]\n', async (file) => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: "c:3", CAPSTAN_KAFKA_CLIENT_ID: "x", KAFKA_CONSUMER_GROUP: "g" };
    const { consumer } = await kafkaConfigFrom({ file, env });
    assert.deepEqual([consumer.bootstrapServers, consumer.clientId, consumer.groupId], [["c:3"], "x", "g"]);
  });
  await withFile("", async (file) => {
    const { producer } = await kafkaConfigFrom({ file, env: { KAFKA_BOOTSTRAP_SERVERS: "c:3" } });
    assert.deepEqual(producer.bootstrapServers, ["c:3"]);
  });
});

Deno.test("kafkaConfigFrom() says what is wrong with file, line, column and key, all at once; never a secret", async () => {
  const wrong = '# ours\n[kafka]\nbootstrap_server = ["a:1"]\nsasl_password = 7\nssl_ca_file = []\n';
  const said = await refusal(wrong);
  assert.match(
    said,
    /^Cannot use \[kafka\] of FILE:\n {2}FILE:3:1: kafka.bootstrap_server is not a setting;.* kafka.bootstrap_servers\?\n/,
  );
  assert.match(said, /\n {2}FILE:4:1: kafka.sasl_password is a number that will not do;/);
  assert.match(said, /\n {2}FILE:5:1: kafka.ssl_ca_file is a list;/);
  const together = '[kafka]\nbootstrap_servers = ["a:1"]\nsasl_mechanism = "PLAIN"\nsasl_password = "hush"\n';
  const contradiction = await refusal(together);
  assert.match(
    contradiction,
    /\n {2}FILE:3:1: kafka.sasl_mechanism is set, but kafka.security_protocol is PLAINTEXT;/,
  );
  assert.ok(!contradiction.includes("hush"));
  assert.match(await refusal("[kafka\n"), /\n {2}FILE:2:1: this is not TOML/);
  assert.match(await refusal("kafka = 3\n"), /\n {2}FILE:1:1: kafka is a single value; it must be a table/);
});

Deno.test("kafkaConfigFrom() refuses a file without brokers, and one that is not there", async () => {
  assert.match(
    await refusal('[store]\n[kafka]\nclient_id = "x"\n'),
    /\n {2}FILE:2:2: kafka.bootstrap_servers is missing; name the brokers here, or set KAFKA_BOOTSTRAP_SERVERS$/,
  );
  assert.match(await refusal(""), /\n {2}FILE:1:1: kafka.bootstrap_servers is missing/);
  await assert.rejects(
    kafkaConfigFrom({ file: "/nowhere/at all.toml", env: {} }),
    /Cannot read \/nowhere\/at all.toml: there is no such file; name a TOML file that has \[kafka\]$/,
  );
});

onKafka("a program publishes by a file's [kafka]", async ({ config, name }) => {
  const servers = JSON.stringify(config.bootstrapServers);
  await withFile(`[kafka]\nbootstrap_servers = ${servers}\n`, async (file) => {
    const { producer: connection } = await kafkaConfigFrom({ file, env: {} });
    await using producer = new ProducerClient({ config: { ...connection, createTopics: 1 } });
    assert.equal((await producer.publish(name("t"), 1))?.offset, 0);
  });
});

theBrokerEnds();
