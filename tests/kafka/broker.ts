import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kafkaClassPath } from "./jars.ts";
import { claimPorts, isFree, listening } from "./ports.ts";

/** What a broker is started with. */
export interface BrokerOptions {
  /** Port of the PLAINTEXT listener. Default: a free one. */
  port?: number;
  /** Where its data lies. Default: a temporary folder, removed by `stop`. */
  dir?: string;
  /** The one user of the SCRAM listener. Default `capstan`. */
  user?: string;
  /** That user's password. Default `capstan-secret`. */
  password?: string;
  /** Further lines of server.properties. */
  properties?: Readonly<Record<string, string>>;
  /** Nobody kills it: it may be silent for a minute on a busy machine before it is taken for dead. */
  steady?: boolean;
}

/** Listeners with TLS or tokens, as `localhost:PORT`. Certificates are those of `TLS_FILES`. */
export interface SecuredListeners {
  /** TLS. */
  readonly ssl: string;
  /** TLS that asks for a client's certificate. */
  readonly mtls: string;
  /** TLS with SCRAM-SHA-256, SCRAM-SHA-512 and PLAIN. */
  readonly saslSsl: string;
  /** OAUTHBEARER without TLS; takes unsigned tokens (`alg: none`) with `sub` and `exp`. */
  readonly oauth: string;
}

const FIXTURES = fileURLToPath(new URL("../fixtures/tls/", import.meta.url));

/** The authority of the brokers' certificate; that certificate serves as a client's, too. */
export const TLS_FILES = {
  ca: join(FIXTURES, "ca.pem"),
  cert: join(FIXTURES, "server.pem"),
  key: join(FIXTURES, "server.key.pem"),
} as const;

/** A running Apache Kafka: broker and controller in one JVM. */
export interface Broker extends AsyncDisposable {
  /** `127.0.0.1:PORT` without authentication. */
  readonly bootstrap: string;
  /** `127.0.0.1:PORT` with SASL_PLAINTEXT: SCRAM-SHA-256, SCRAM-SHA-512 and PLAIN, same user. */
  readonly scramBootstrap: string;
  /** `localhost:PORT` of each further listener. */
  readonly secured: SecuredListeners;
  readonly user: string;
  readonly password: string;
  /** Ends the process by SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and ports, after `kill`; kills first where it still runs. */
  restart(): Promise<void>;
  /** Ends the process and removes the temporary folder. Safe twice. */
  stop(): Promise<void>;
}

/** Of a broker that is never killed, in which nothing has to be noticed soon. */
const STEADY = { "broker.session.timeout.ms": "60000", "broker.heartbeat.interval.ms": "1000" };
const CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw";
/** About 4 s on a machine that has nothing else to do. */
const STARTUP_MS = 240_000;
const PORTS = ["plain", "scram", "ssl", "mtls", "saslSsl", "oauth", "controller"] as const;

/**
 * Starts a broker on loopback and resolves when both listeners answer, about 4 s later.
 * @throws {Error} it ended, or did not listen within four minutes; the message has its last output.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { port } = options;
  if (port !== undefined && !isFree(port)) {
    throw new Error(`Cannot start Apache Kafka: another program listens on port ${port}; choose another`);
  }
  const classPath = await kafkaClassPath();
  const { user = "capstan", password = "capstan-secret" } = options;
  const dir = options.dir ?? await Deno.makeTempDir({ prefix: "capstan-kafka-" });
  await Deno.mkdir(dir, { recursive: true });
  const config = join(dir, "server.properties");
  const claim = claimPorts(PORTS);
  const ports = { ...claim.ports, ...(port !== undefined && { plain: port }) };
  const { plain, scram, ssl, mtls, saslSsl, oauth } = ports;
  const awaited = [plain, scram, ssl, mtls, saslSsl, oauth];
  let running: Awaited<ReturnType<typeof launch>>;
  try {
    await Deno.writeTextFile(join(dir, "keystore.pem"), await keystore());
    const further = { ...(options.steady && STEADY), ...options.properties };
    await Deno.writeTextFile(config, properties(dir, ports, { user, password }, further));
    if (!await exists(join(dir, "data", "meta.properties"))) await format(classPath, config, user, password);
    running = await launch(classPath, config, dir, awaited);
  } catch (error) {
    claim[Symbol.dispose]();
    throw error;
  }
  let stopped = false;
  const kill = async () => {
    await running.kill();
  };
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await kill();
    claim[Symbol.dispose]();
    if (options.dir === undefined) await Deno.remove(dir, { recursive: true });
  };
  return {
    bootstrap: `127.0.0.1:${plain}`,
    scramBootstrap: `127.0.0.1:${scram}`,
    secured: {
      ssl: `localhost:${ssl}`,
      mtls: `localhost:${mtls}`,
      saslSsl: `localhost:${saslSsl}`,
      oauth: `localhost:${oauth}`,
    },
    user,
    password,
    kill,
    async restart() {
      await kill();
      running = await launch(classPath, config, dir, awaited);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Key and certificate in one file, as Kafka reads a PEM store. */
async function keystore(): Promise<string> {
  return await Deno.readTextFile(TLS_FILES.key) + await Deno.readTextFile(TLS_FILES.cert);
}

type Ports = Record<typeof PORTS[number], number>;

function properties(
  dir: string,
  ports: Ports,
  { user, password }: { user: string; password: string },
  further: Readonly<Record<string, string>> = {},
): string {
  const listeners = [
    ["PLAINTEXT", "PLAINTEXT", `127.0.0.1:${ports.plain}`],
    ["SASL_PLAINTEXT", "SASL_PLAINTEXT", `127.0.0.1:${ports.scram}`],
    ["SSL", "SSL", `localhost:${ports.ssl}`],
    ["MTLS", "SSL", `localhost:${ports.mtls}`],
    ["SASL_SSL", "SASL_SSL", `localhost:${ports.saslSsl}`],
    ["OAUTH", "SASL_PLAINTEXT", `localhost:${ports.oauth}`],
  ] as const;
  const addresses = listeners.map(([name, , address]) => `${name}://${address}`).join();
  const jaas = `org.apache.kafka.common.security`;
  const withPassword = (name: string): Record<string, string> => ({
    [`listener.name.${name}.sasl.enabled.mechanisms`]: "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
    [`listener.name.${name}.scram-sha-256.sasl.jaas.config`]: `${jaas}.scram.ScramLoginModule required;`,
    [`listener.name.${name}.scram-sha-512.sasl.jaas.config`]: `${jaas}.scram.ScramLoginModule required;`,
    [`listener.name.${name}.plain.sasl.jaas.config`]:
      `${jaas}.plain.PlainLoginModule required user_${user}="${password}";`,
  });
  const lines: Record<string, string> = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${ports.controller}`,
    "controller.listener.names": "CONTROLLER",
    "listeners": `${addresses},CONTROLLER://127.0.0.1:${ports.controller}`,
    "advertised.listeners": addresses,
    "listener.security.protocol.map": [
      ...listeners.map(([name, protocol]) => `${name}:${protocol}`),
      "CONTROLLER:PLAINTEXT",
    ].join(),
    "inter.broker.listener.name": "PLAINTEXT",
    ...withPassword("sasl_plaintext"),
    ...withPassword("sasl_ssl"),
    "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
    "listener.name.oauth.oauthbearer.sasl.jaas.config":
      `${jaas}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    "listener.name.mtls.ssl.client.auth": "required",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": join(dir, "keystore.pem"),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": TLS_FILES.ca,
    "log.dirs": join(dir, "data"),
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    // A broker that was killed may register again only when its last session is over: by default 9 s.
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "300",
    "auto.create.topics.enable": "false",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "8388608",
    // Many tests send records that are years old, which retention would take away: 30 s after the start, by default, and
    // every five minutes from then on.
    "log.initial.task.delay.ms": "86400000",
    "log.retention.check.interval.ms": "86400000",
    ...further,
  };
  return Object.entries(lines).map(([key, value]) => `${key}=${value}\n`).join("");
}

async function format(classPath: string, config: string, user: string, password: string): Promise<void> {
  const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
    "--add-scram",
    `${mechanism}=[name=${user},password=${password}]`,
  ]);
  const { success, stdout, stderr } = await new Deno.Command("java", {
    args: [
      ...["-Xmx256m", "-cp", classPath, "kafka.tools.StorageTool", "format"],
      ...["--cluster-id", CLUSTER_ID, "--config", config, ...scram],
    ],
    stdin: "null",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Error(`Cannot format the broker's storage: ${said.trim()}`);
}

async function launch(classPath: string, config: string, dir: string, ports: readonly number[]) {
  const log = join(dir, "broker.log");
  // The broker writes to a file: nobody has to read a pipe, and what it said is there when it fails.
  const child = new Deno.Command("sh", {
    args: ["-c", `exec java "$@" >>"${log}" 2>&1`, "sh", ...JVM, "-cp", classPath, "kafka.Kafka", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  let wanted = false;
  const end = child.status.then(({ code, signal }) => {
    ended = true;
    // Whoever waits for it would not know why nothing comes.
    if (!wanted) console.error(`Apache Kafka (${config}) has ended by itself: ${signal ?? `code ${code}`}`);
  });
  const kill = async () => {
    wanted = true;
    if (!ended) child.kill("SIGKILL");
    await end;
  };
  try {
    await listening(ports, { gaveUp: () => ended, withinMs: STARTUP_MS });
  } catch (cause) {
    await kill();
    const said = (await Deno.readTextFile(log)).split("\n").slice(-30).join("\n");
    throw new Error(`Cannot start Apache Kafka; its last words: ${said}`, { cause });
  }
  return { kill };
}

const JVM = ["-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
