import type { Entry } from "./entry.ts";
import type { HostSettings } from "./host.ts";
import { keyText } from "./key.ts";
import type { Problem } from "./problem.ts";

/** What of the host's settings contradicts each other, each setting being fine alone. */
export function hostProblems(host: HostSettings, entries: readonly Entry[]): Problem[] {
  const problem = problemMaker(entries);
  const usesKafka = host.kafka.bootstrap_servers.length > 0 || host.publisher.kafka.brokers.length > 0;
  return [
    ...publisherProblems(host, problem),
    ...topicProblems(host, problem),
    // Without brokers nothing of it is used; KAFKA_* of the machine's environment must not stop a laptop's agent.
    ...(usesKafka ? kafkaProblems(host.kafka, entries) : []),
  ];
}

/** What of `[kafka]` contradicts each other. */
export function kafkaProblems(kafka: HostSettings["kafka"], entries: readonly Entry[]): Problem[] {
  const problem = problemMaker(entries);
  return [...saslProblems(kafka, problem), ...sslProblems(kafka, problem)];
}

function problemMaker(entries: readonly Entry[]): MakeProblem {
  const found = new Map(entries.map((entry) => [entry.key, entry]));
  return (key, wrong, allowed) => ({
    place: found.get(key)?.place ?? { kind: "default" },
    key,
    wrong,
    allowed,
  });
}

const PASSWORD_KEYS = ["sasl_username", "sasl_password"] as const;
const TOKEN_KEYS = [
  "sasl_token_file",
  "sasl_token_url",
  "sasl_token_client_id",
  "sasl_token_client_secret",
  "sasl_token_scope",
] as const;

type MakeProblem = (key: string, wrong: string, allowed: string) => Problem;

function publisherProblems(host: HostSettings, problem: MakeProblem): Problem[] {
  const { brokers, topic } = host.publisher.kafka;
  const problems: Problem[] = [];
  if (brokers.length > 0 && topic === undefined) {
    problems.push(
      problem("publisher.kafka.brokers", "is set without publisher.kafka.topic", "set both or neither"),
    );
  }
  if (brokers.length === 0 && topic !== undefined) {
    problems.push(
      problem("publisher.kafka.topic", "is set without publisher.kafka.brokers", "set both or neither"),
    );
  }
  const bus = host.kafka.bootstrap_servers;
  if (brokers.length > 0 && bus.length > 0 && brokerSet(brokers) !== brokerSet(bus)) {
    const wrong = `(${brokers.join(", ")}) differs from kafka.bootstrap_servers (${bus.join(", ")})`;
    const allowed =
      "name the same brokers, or keep [kafka] (the whole bus) or [publisher.kafka] (nodes alone)";
    problems.push(problem("publisher.kafka.brokers", wrong, allowed));
  }
  return problems;
}

/** What the agent itself must know is said once, in its own words. */
function topicProblems({ topics }: HostSettings, problem: MakeProblem): Problem[] {
  return Object.entries(topics).flatMap(([name, { settings }]) =>
    settings["retention.ms"] === undefined ? [] : [
      problem(
        keyText(["topics", name, "settings", "retention.ms"]),
        "is Kafka's name for a setting of the agent's own",
        `set ${keyText(["topics", name, "retention"])} instead`,
      ),
    ]
  );
}

/** Brokers as a set: order, case and Kafka's default port make no difference. */
function brokerSet(brokers: readonly string[]): string {
  const names = brokers.map((broker) => /:[0-9]+$/.test(broker) ? broker : `${broker}:9092`);
  return [...new Set(names.map((name) => name.toLowerCase()))].sort().join(",");
}

function saslProblems(kafka: HostSettings["kafka"], problem: MakeProblem): Problem[] {
  const problems: Problem[] = [];
  const { sasl_mechanism: mechanism, security_protocol: protocol } = kafka;
  const given = (["sasl_mechanism", ...PASSWORD_KEYS, ...TOKEN_KEYS] as const)
    .filter((key) => kafka[key] !== undefined);
  if (!protocol.startsWith("SASL_")) {
    return given.slice(0, 1).map((key) =>
      problem(
        `kafka.${key}`,
        `is set, but kafka.security_protocol is ${protocol}`,
        "set that to SASL_SSL or SASL_PLAINTEXT, or remove this",
      )
    );
  }
  if (mechanism === undefined) {
    return [
      problem("kafka.security_protocol", `is ${protocol} without kafka.sasl_mechanism`, "set that too"),
    ];
  }
  const byToken = mechanism === "OAUTHBEARER";
  for (const key of byToken ? [] : PASSWORD_KEYS) {
    if (kafka[key] === undefined || kafka[key] === "") {
      problems.push(problem("kafka.sasl_mechanism", `is ${mechanism} without kafka.${key}`, "set that too"));
    }
  }
  if (byToken) problems.push(...tokenProblems(kafka, problem));
  const idle = byToken ? PASSWORD_KEYS : TOKEN_KEYS;
  for (const key of idle) {
    if (kafka[key] !== undefined) {
      problems.push(
        problem(`kafka.${key}`, `is set, but kafka.sasl_mechanism is ${mechanism}`, "remove one of the two"),
      );
    }
  }
  return problems;
}

function tokenProblems(kafka: HostSettings["kafka"], problem: MakeProblem): Problem[] {
  const { sasl_token_file: file, sasl_token_url: url } = kafka;
  if (file === undefined && url === undefined) {
    const wrong = "is OAUTHBEARER without kafka.sasl_token_file or kafka.sasl_token_url";
    return [problem("kafka.sasl_mechanism", wrong, "set one of them, too")];
  }
  if (file !== undefined && url !== undefined) {
    return [problem("kafka.sasl_token_url", "stands beside kafka.sasl_token_file", "keep one of the two")];
  }
  const { sasl_token_client_id: id, sasl_token_client_secret: secret } = kafka;
  if ((id === undefined) !== (secret === undefined)) {
    const [given, missing] = id === undefined ? ["secret", "id"] : ["id", "secret"];
    const wrong = `is set without kafka.sasl_token_client_${missing}`;
    return [problem(`kafka.sasl_token_client_${given}`, wrong, "set both or neither")];
  }
  if (url === undefined && id !== undefined) {
    return [
      problem("kafka.sasl_token_client_id", "is set without kafka.sasl_token_url", "set both or neither"),
    ];
  }
  return [];
}

function sslProblems(kafka: HostSettings["kafka"], problem: MakeProblem): Problem[] {
  const problems: Problem[] = [];
  const encrypted = kafka.security_protocol.endsWith("SSL");
  for (const key of ["ssl_ca_file", "ssl_cert_file", "ssl_key_file"] as const) {
    if (kafka[key] !== undefined && !encrypted) {
      const wrong = `is set, but kafka.security_protocol is ${kafka.security_protocol}`;
      problems.push(problem(`kafka.${key}`, wrong, "set that to SSL or SASL_SSL, or remove this"));
    }
  }
  const { ssl_cert_file: certificate, ssl_key_file: privateKey } = kafka;
  if (certificate !== undefined && privateKey === undefined) {
    problems.push(problem("kafka.ssl_cert_file", "is set without kafka.ssl_key_file", "set both or neither"));
  }
  if (privateKey !== undefined && certificate === undefined) {
    problems.push(problem("kafka.ssl_key_file", "is set without kafka.ssl_cert_file", "set both or neither"));
  }
  return problems;
}
