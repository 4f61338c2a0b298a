import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { KafkaError, type KafkaFailure } from "../../../../lib/bus/kafka/error.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import type { KafkaSettings } from "../../../../lib/bus/kafka/settings.ts";
import { TLS_FILES } from "../../../kafka/broker.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { silent } from "./bench.ts";

const broker = withoutKafka ? undefined : await sharedBroker();
const only = { ignore: withoutKafka };
/** Far above what an answer takes; only that there is one is asserted. */
const DEADLINE_MS = 60_000;

const listeners = broker?.secured ?? { ssl: "", mtls: "", saslSsl: "", oauth: "" };
const password = { saslUsername: broker?.user, saslPassword: broker?.password };
const ca = { sslCaFile: TLS_FILES.ca };
const client = { sslCertFile: TLS_FILES.cert, sslKeyFile: TLS_FILES.key };

function at(server: string | undefined, settings: Omit<KafkaSettings, "bootstrapServers">): KafkaSettings {
  return { bootstrapServers: [server ?? ""], ...settings };
}

/** A token that nobody signed, as the test broker takes it. */
function unsignedToken(claims: object): string {
  const part = (value: object) =>
    btoa(JSON.stringify(value)).replaceAll("=", "").replace(/\+/g, "-").replace(/\//g, "_");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

async function tokenFile(text: string): Promise<{ path: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "token");
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

const soon = () => Math.floor(Date.now() / 1000);
const goodToken = () => unsignedToken({ sub: "agent", iat: soon(), exp: soon() + 3_600 });

/** Sends a record and reads it back. */
async function roundTrip(settings: KafkaSettings): Promise<void> {
  await using bus = new KafkaBus(settings, { log: silent });
  const name = `security-${crypto.randomUUID()}`;
  await bus.topics.apply([{ name, partitions: 1, replication: 1 }]);
  await bus.send([{ topic: name, partition: 0, value: new TextEncoder().encode("through") }]);
  await using reader = await bus.open({ group: null, topics: [name], from: "earliest" });
  const batch = await reader.receive({ max: 1, maxBytes: 1_000, waitMs: DEADLINE_MS });
  assert.equal(new TextDecoder().decode(batch?.records[0]?.value ?? undefined), "through");
}

const WORKING: readonly { name: string; settings: KafkaSettings }[] = [
  ...(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const).flatMap((saslMechanism) => [
    {
      name: `SASL_PLAINTEXT with ${saslMechanism}`,
      settings: at(broker?.scramBootstrap, {
        securityProtocol: "SASL_PLAINTEXT",
        saslMechanism,
        ...password,
      }),
    },
    {
      name: `SASL_SSL with ${saslMechanism}`,
      settings: at(listeners.saslSsl, { securityProtocol: "SASL_SSL", saslMechanism, ...password, ...ca }),
    },
  ]),
  { name: "SSL with a private authority", settings: at(listeners.ssl, { securityProtocol: "SSL", ...ca }) },
  {
    name: "SSL with a client certificate",
    settings: at(listeners.mtls, { securityProtocol: "SSL", ...ca, ...client }),
  },
];

for (const { name, settings } of WORKING) {
  Deno.test({ ...only, name: `kafka: ${name} sends and reads`, fn: () => roundTrip(settings) });
}

Deno.test({
  ...only,
  name: "kafka: OAUTHBEARER with a token from a file sends and reads",
  async fn() {
    await using file = await tokenFile(`${goodToken()}\n`);
    await roundTrip(
      at(listeners.oauth, {
        securityProtocol: "SASL_PLAINTEXT",
        saslMechanism: "OAUTHBEARER",
        saslTokenFile: file.path,
      }),
    );
  },
});

/** Seconds a short token is good: long enough for a connection on a busy machine. */
const TOKEN_S = 6;

/** A server that gives short tokens, and notes when each ends, in ms since 1970. */
async function shortTokens() {
  const ends: number[] = [];
  const server = createServer((_, response) => {
    const iat = soon();
    const exp = iat + TOKEN_S;
    ends.push(exp * 1_000);
    const token = unsignedToken({ sub: "agent", iat, exp });
    response.setHeader("connection", "close");
    response.end(JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: TOKEN_S }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token`,
    ends,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

Deno.test({
  ...only,
  name: "kafka: OAUTHBEARER with tokens from an address goes on over their ends, losing and doubling nothing",
  async fn() {
    await using tokens = await shortTokens();
    const settings = at(listeners.oauth, {
      securityProtocol: "SASL_PLAINTEXT",
      saslMechanism: "OAUTHBEARER",
      saslTokenUrl: tokens.url,
      saslTokenClientId: "agent",
      saslTokenClientSecret: "hush",
    });
    await using bus = new KafkaBus(settings, { log: silent });
    const topic = `tokens-${crypto.randomUUID()}`;
    await bus.topics.apply([{ name: topic, partitions: 1, replication: 1 }]);
    await using member = await bus.open({ group: `g-${topic}`, topics: [topic], from: "earliest" });
    const first = tokens.ends.length;
    const until = Math.max(...tokens.ends) + TOKEN_S * 1_000;
    const sent: number[] = [];
    const seen: number[] = [];
    const take = async (waitMs: number) => {
      const batch = await member.receive({ max: 100, maxBytes: 100_000, waitMs });
      const last = batch?.records.at(-1);
      for (const { value } of batch?.records ?? []) {
        seen.push(Number(new TextDecoder().decode(value ?? undefined)));
      }
      if (last !== undefined) await member.commit({ through: last });
    };
    // Every token that the connections began with is over by then, and so is the next one.
    while (Date.now() < until) {
      const value = new TextEncoder().encode(`${sent.length}`);
      await bus.send([{ topic, partition: 0, value }]);
      sent.push(sent.length);
      await take(20);
    }
    while (seen.length < sent.length) await take(DEADLINE_MS);
    assert.deepEqual(seen, sent);
    assert.ok(tokens.ends.length > first, "tokens were renewed");
    assert.equal((await bus.lag(`g-${topic}`, [topic]))[0]?.lag, 0);
  },
});

/** Everything a driver is asked for; each must say what is wrong, and none may try for ever. */
async function everythingFails(settings: KafkaSettings, failures: readonly KafkaFailure[], wrong: RegExp) {
  await using bus = new KafkaBus(settings, { log: silent, sendDeadlineMs: DEADLINE_MS });
  const asked: Record<string, () => Promise<unknown>> = {
    ping: () => bus.ping(),
    send: () => bus.send([{ topic: "any", partition: 0, value: new Uint8Array(1) }]),
    open: () => bus.open({ group: `g-${crypto.randomUUID()}`, topics: ["any"], from: "earliest" }),
    apply: () => bus.topics.apply([{ name: "any", partitions: 1 }]),
    lag: () => bus.lag("g", ["any"]),
  };
  const late = AbortSignal.timeout(DEADLINE_MS);
  try {
    await Promise.all(
      Object.entries(asked).map(async ([what, ask]) => {
        const never = new Promise<never>((_, reject) =>
          late.addEventListener("abort", () => reject(new Error(`${what} did not settle`)))
        );
        const error: unknown = await Promise.race([ask(), never]).then(() => undefined, (thrown) => thrown);
        assert.ok(error instanceof KafkaError, `${what}: ${error}`);
        assert.ok(failures.includes(error.failure), `${what}: ${error.failure}: ${error.message}`);
        assert.match(error.message, wrong, what);
      }),
    );
  } finally {
    late.dispatchEvent(new Event("over"));
  }
}

const REFUSED: readonly {
  name: string;
  settings: KafkaSettings;
  failures: readonly KafkaFailure[];
  wrong: RegExp;
}[] = [
  ...(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const).map((saslMechanism) => ({
    name: `a wrong password with ${saslMechanism}`,
    settings: at(broker?.scramBootstrap, {
      securityProtocol: "SASL_PLAINTEXT",
      saslMechanism,
      ...password,
      saslPassword: "wrong",
    }),
    failures: ["authentication"] as const,
    wrong: /password|credentials|user/i,
  })),
  {
    name: "a broker of an unknown authority",
    settings: at(listeners.ssl, { securityProtocol: "SSL" }),
    failures: ["security"],
    wrong: /certificate|authority|ssl_ca_file|TLS/i,
  },
  {
    name: "no client certificate where one is asked for",
    settings: at(listeners.mtls, { securityProtocol: "SSL", ...ca }),
    failures: ["security", "unreachable"],
    wrong: /certificate|ssl_cert_file|TLS|closed/i,
  },
  {
    name: "TLS to a listener without it",
    settings: at(broker?.bootstrap.replace("127.0.0.1", "localhost"), { securityProtocol: "SSL", ...ca }),
    failures: ["security", "unreachable"],
    wrong: /TLS|security_protocol|closed/i,
  },
];

for (const { name, settings, failures, wrong } of REFUSED) {
  Deno.test({
    ...only,
    name: `kafka: ${name} is said at once, whatever was asked`,
    // The deadline's timer outlives the test.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => everythingFails(settings, failures, wrong),
  });
}

Deno.test({
  ...only,
  name: "kafka: a token that is over, or none at all, is said at once",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const over = unsignedToken({ sub: "agent", iat: soon() - 7_200, exp: soon() - 3_600 });
    for (const text of [over, "no token"]) {
      await using file = await tokenFile(text);
      const settings = at(listeners.oauth, {
        securityProtocol: "SASL_PLAINTEXT",
        saslMechanism: "OAUTHBEARER",
        saslTokenFile: file.path,
      });
      await everythingFails(settings, ["authentication"], /token/i);
    }
  },
});

Deno.test({
  name: "the broker of these tests ends",
  ...only,
  // It was started outside of any test.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => await broker?.[Symbol.asyncDispose](),
});
