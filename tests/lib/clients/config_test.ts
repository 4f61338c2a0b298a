import assert from "node:assert/strict";
import fc from "fast-check";
import { ClientConfigError } from "../../../lib/clients/config_error.ts";
import { type ConsumerSettings, consumerSettings } from "../../../lib/clients/consumer_config.ts";
import { kafkaEnvironment } from "../../../lib/clients/environment.ts";
import { type ProducerSettings, producerSettings } from "../../../lib/clients/producer_config.ts";
import { streamSettings } from "../../../lib/clients/stream_config.ts";

/** What a call refuses. */
function problems(call: () => unknown): readonly string[] {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ClientConfigError, String(error));
    return error.problems;
  }
  return [];
}

/** A configuration as a program without types would give it. */
function untyped<T>(value: unknown): T {
  return value as T;
}

const connection = {
  bus: "kafka",
  bootstrapServers: ["localhost:9092"],
  securityProtocol: "PLAINTEXT",
  saslMechanism: null,
  saslPlainUsername: null,
  saslPlainPassword: null,
  saslTokenFile: null,
  saslTokenUrl: null,
  saslTokenClientId: null,
  saslTokenClientSecret: null,
  saslTokenScope: null,
  sslCaFile: null,
  sslCertFile: null,
  sslKeyFile: null,
};

Deno.test("producerSettings() has the defaults that its documentation names", () => {
  assert.deepEqual(producerSettings({}), {
    ...connection,
    clientId: "capstan-producer",
    acks: "all",
    lingerMs: 5,
    compressionType: "none",
    retries: null,
    requestTimeoutMs: 30_000,
    extra: { batchSize: 900_000, batchRecords: 2_000, bufferMemory: 33_554_432, maxRequestSize: 1_048_576 },
  });
});

Deno.test("consumerSettings() has the defaults that its documentation names", () => {
  assert.deepEqual(consumerSettings({ topics: ["a"] }), {
    ...connection,
    topics: ["a"],
    clientId: "capstan-consumer",
    groupId: null,
    autoOffsetReset: "latest",
    enableAutoCommit: false,
    maxPollRecords: 500,
    pollTimeoutMs: 1_000,
    sessionTimeoutMs: 10_000,
    extra: { autoCommitIntervalMs: 5_000, rebalanceTimeoutMs: 60_000, fetchMaxBytes: 52_428_800 },
  });
});

Deno.test("streamSettings() has the defaults that its documentation names", () => {
  assert.deepEqual(streamSettings({}), {
    batchSize: 32,
    maxWaitMs: 250,
    pollTimeoutMs: 100,
    commitOnSuccess: true,
    waitForPublish: true,
  });
});

Deno.test("unknown settings are refused with the nearest that is known", () => {
  assert.deepEqual(
    problems(() => producerSettings(untyped({ bootstrap_servers: "a:1", extra: { batchsize: 1 } }))),
    [
      "extra.batchsize is not known; did you mean extra.batchSize?",
      "bootstrap_servers is not known; did you mean bootstrapServers?",
    ],
  );
  assert.deepEqual(problems(() => consumerSettings(untyped({ topics: ["a"], groupid: "g" }))), [
    "groupid is not known; did you mean groupId?",
  ]);
  assert.deepEqual(problems(() => streamSettings(untyped({ partitioner: "x" }))), [
    "partitioner is not known; known are batchSize, maxWaitMs, pollTimeoutMs, commitOnSuccess, waitForPublish",
  ]);
});

Deno.test("values that can't be honoured are refused, all at once, in words", () => {
  const config = {
    acks: 2,
    lingerMs: -1,
    compressionType: "br",
    retries: 1.5,
    bus: "file:x",
    bootstrapServers: "",
  };
  assert.deepEqual(problems(() => producerSettings(untyped(config))), [
    'bus must be "kafka" or "local:FILE"',
    "bootstrapServers must be host:port, or a list of them",
    'acks must be "all", 0 or 1',
    "lingerMs must be a whole number, 0 or more",
    "compressionType must be one of none, gzip, snappy, lz4, zstd",
    "retries must be a whole number, 0 or more",
  ]);
  assert.deepEqual(problems(() => consumerSettings(untyped({ topics: [], autoOffsetReset: "first" }))), [
    "topics must be a list of names, at least one",
    "autoOffsetReset must be one of earliest, latest, none",
  ]);
  assert.deepEqual(problems(() => consumerSettings(untyped(undefined))), ["it must be a table of settings"]);
});

Deno.test("settings that contradict each other are refused", () => {
  const cases: [Parameters<typeof producerSettings>[0], string][] = [
    [
      { saslMechanism: "PLAIN", saslPlainUsername: "u", saslPlainPassword: "p" },
      "saslMechanism has no meaning",
    ],
    [{ securityProtocol: "SASL_SSL" }, "saslMechanism must be set with SASL_SSL"],
    [
      { securityProtocol: "SASL_SSL", saslMechanism: "PLAIN" },
      "saslPlainUsername and saslPlainPassword must be set",
    ],
    [
      { securityProtocol: "SASL_SSL", saslMechanism: "OAUTHBEARER" },
      "one of saslTokenFile and saslTokenUrl must be set",
    ],
    [{ sslCaFile: "ca.pem" }, "sslCaFile, sslCertFile and sslKeyFile have no meaning with PLAINTEXT"],
    [{ securityProtocol: "SSL", sslCertFile: "c.pem" }, "sslCertFile and sslKeyFile need each other"],
  ];
  for (const [config, said] of cases) {
    const [problem = ""] = problems(() => producerSettings(config));
    assert.ok(problem.startsWith(said), problem);
  }
  const topics = ["a"];
  assert.match(
    problems(() => consumerSettings({ topics, enableAutoCommit: true }))[0] ?? "",
    /needs a groupId/,
  );
  assert.match(
    problems(() => consumerSettings({ topics, autoOffsetReset: "none" }))[0] ?? "",
    /needs a groupId/,
  );
});

Deno.test("an error of a configuration never shows a secret", () => {
  const secret = "s3cret-word";
  const wrong = {
    saslPlainPassword: secret,
    saslPlainUsername: [secret],
    securityProtocol: secret,
    lingerMs: secret,
  };
  try {
    producerSettings(untyped(wrong));
    assert.fail("it must be refused");
  } catch (error) {
    assert.ok(error instanceof ClientConfigError);
    assert.ok(!Deno.inspect(error).includes(secret));
  }
});

Deno.test("the environment fills what the program left out, and nothing else", () => {
  const environment = kafkaEnvironment((name) =>
    ({
      KAFKA_BOOTSTRAP_SERVERS: "a:1, b",
      KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
      KAFKA_SASL_MECHANISM: "SCRAM-SHA-256",
      KAFKA_SASL_USERNAME: "user",
      KAFKA_SASL_PASSWORD: "word",
      KAFKA_CONSUMER_GROUP: "group",
    })[name]
  );
  const filled = consumerSettings({ topics: ["t"] }, environment);
  assert.deepEqual(filled.bootstrapServers, ["a:1", "b:9092"]);
  assert.equal(filled.securityProtocol, "SASL_SSL");
  assert.equal(filled.saslMechanism, "SCRAM-SHA-256");
  assert.deepEqual([filled.saslPlainUsername, filled.saslPlainPassword], ["user", "word"]);
  assert.equal(filled.groupId, "group");

  const own = consumerSettings({
    topics: ["t"],
    bootstrapServers: "c:2",
    securityProtocol: "PLAINTEXT",
    groupId: null,
  }, environment);
  assert.deepEqual([own.bootstrapServers, own.saslMechanism, own.groupId], [["c:2"], null, null]);

  const local = consumerSettings({ topics: ["t"], bus: "local:x.sqlite" }, environment);
  assert.deepEqual([local.securityProtocol, local.groupId], ["PLAINTEXT", "group"]);
  assert.deepEqual(kafkaEnvironment(() => ""), kafkaEnvironment(() => undefined));
});

const text = fc.string({ minLength: 1 });
const whole = fc.nat(1_000_000);
const positive = fc.integer({ min: 1, max: 1_000_000 });
const name = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);

const connections = fc.record({
  bus: fc.constantFrom("kafka", "local:a b.sqlite"),
  bootstrapServers: fc.oneof(
    fc.array(fc.tuple(name, fc.nat(65_535)).map(([host, port]) => `${host}:${port}`), { minLength: 1 }),
    name,
  ),
  clientId: name,
  createTopics: whole,
  security: fc.constantFrom(
    {},
    { securityProtocol: "SSL" as const, sslCaFile: "ca.pem" },
    { securityProtocol: "SASL_SSL" as const, saslMechanism: "OAUTHBEARER" as const, saslTokenFile: "token" },
    {
      securityProtocol: "SASL_PLAINTEXT" as const,
      saslMechanism: "PLAIN" as const,
      saslPlainUsername: "u",
      saslPlainPassword: "p",
    },
  ),
}, { requiredKeys: ["security"] }).map(({ security, ...rest }) => ({ ...rest, ...security }));

const producers = fc.tuple(
  connections,
  fc.record({
    acks: fc.constantFrom("all" as const, "0" as const, "1" as const, 0 as const, 1 as const, -1 as const),
    lingerMs: whole,
    compressionType: fc.constantFrom(
      "none" as const,
      "gzip" as const,
      "snappy" as const,
      "lz4" as const,
      null,
    ),
    retries: fc.option(whole),
    requestTimeoutMs: positive,
    extra: fc.record({ batchSize: positive, bufferMemory: positive }, { requiredKeys: [] }),
  }, { requiredKeys: [] }),
).map(([shared, own]) => ({ ...shared, ...own }));

const consumers = fc.tuple(
  connections,
  fc.record({
    topics: fc.array(text, { minLength: 1 }),
    groupId: text,
    autoOffsetReset: fc.constantFrom("earliest" as const, "latest" as const, "none" as const),
    enableAutoCommit: fc.boolean(),
    maxPollRecords: positive,
    pollTimeoutMs: whole,
    sessionTimeoutMs: positive,
    extra: fc.record({ heartbeatIntervalMs: positive, fetchMaxBytes: positive }, { requiredKeys: [] }),
  }, { requiredKeys: ["topics", "groupId"] }),
).map(([shared, own]) => ({ ...shared, ...own }));

Deno.test("settings are a configuration that gives the same settings, written as JSON between", () => {
  fc.assert(fc.property(producers, (config) => {
    const settings: ProducerSettings = producerSettings(config);
    assert.deepEqual(producerSettings(JSON.parse(JSON.stringify(settings))), settings);
    for (const key of ["lingerMs", "requestTimeoutMs", "clientId", "bus"] as const) {
      if (config[key] !== undefined) assert.equal(settings[key], config[key]);
    }
  }));
  fc.assert(fc.property(consumers, (config) => {
    const settings: ConsumerSettings = consumerSettings(config);
    assert.deepEqual(consumerSettings(JSON.parse(JSON.stringify(settings))), settings);
    for (const key of ["groupId", "maxPollRecords", "autoOffsetReset"] as const) {
      if (config[key] !== undefined) assert.equal(settings[key], config[key]);
    }
  }));
});
