import assert from "node:assert/strict";
import { inspect } from "node:util";
import { entrySource } from "../../../lib/config/entry.ts";
import type { FlagValue } from "../../../lib/config/flags.ts";
import { loadConfig, type Loaded } from "../../../lib/config/load.ts";
import { ConfigError } from "../../../lib/config/problem.ts";
import { locatedText, recorder } from "./plugins.ts";

function load(
  text: string,
  { env = {}, flags = [] }: { env?: Record<string, string>; flags?: FlagValue[] } = {},
): Loaded {
  return loadConfig({ plugins: [recorder], located: locatedText(text), env, flags, cwd: "/here" });
}

function sourceOf(loaded: Loaded, key: string): string {
  return entrySource(loaded.entry(key));
}

const UPSTREAM = "plugins.recorder.upstream";

Deno.test("loadConfig() gives every setting its default without a file", () => {
  const loaded = loadConfig({ plugins: [recorder], located: locatedText(undefined), env: {}, cwd: "/here" });
  assert.equal(loaded.host.logging.level, "info");
  assert.equal(loaded.host.admin.listen, "127.0.0.1:8081");
  assert.equal(loaded.host.store.sqlite, "/conf/capstan.sqlite");
  assert.equal(loaded.host.log.retention, 604_800_000);
  assert.deepEqual(loaded.plugin("recorder"), {
    enabled: true,
    settings: {
      upstream: "http://localhost:11434",
      mode: "safe",
      retries: 3,
      ratio: 0.5,
      verbose: false,
      keep: 3_600_000,
      limit: 67_108_864,
      tags: [],
      labels: {},
      tls: {},
      providers: {},
    },
  });
  assert.ok(loaded.entries.every((entry) => entrySource(entry) === "default"));
  assert.deepEqual(loaded.warnings, []);
});

Deno.test("loadConfig() lets a flag win over the environment, that over the file, that over the default", () => {
  const file = `[plugins.recorder]\nupstream = "http://file"\n`;
  const env = { CAPSTAN_PLUGINS_RECORDER_UPSTREAM: "http://env" };
  const flags = [{ key: UPSTREAM, name: "--upstream", value: "http://flag" }];
  const cases: [Loaded, string, string][] = [
    [load(""), "http://localhost:11434", "default"],
    [load(file), "http://file", "/conf/config.toml:2"],
    [load(file, { env }), "http://env", "env CAPSTAN_PLUGINS_RECORDER_UPSTREAM"],
    [load(file, { env, flags }), "http://flag", "flag --upstream"],
  ];
  for (const [loaded, value, source] of cases) {
    assert.equal(loaded.plugin("recorder").settings.upstream, value);
    assert.equal(sourceOf(loaded, UPSTREAM), source);
  }
});

Deno.test("loadConfig() takes the last of a flag that was given twice", () => {
  const flags = ["http://one", "http://two"].map((value) => ({ key: UPSTREAM, name: "--upstream", value }));
  assert.equal(load("", { flags }).plugin("recorder").settings.upstream, "http://two");
});

Deno.test("loadConfig() reads an alias, and warns where our own key overrides it", () => {
  const alias = `[proxy]\nupstream = "http://alias"\n`;
  const loaded = load(alias);
  assert.equal(loaded.plugin("recorder").settings.upstream, "http://alias");
  assert.equal(sourceOf(loaded, UPSTREAM), "/conf/config.toml:2");
  assert.equal(loaded.entry("proxy.upstream").key, UPSTREAM);
  const both = load(`${alias}[plugins.recorder]\nupstream = "http://own"\n`);
  assert.equal(both.plugin("recorder").settings.upstream, "http://own");
  assert.deepEqual(both.warnings, [
    "/conf/config.toml:2:1: proxy.upstream is overridden by plugins.recorder.upstream in the same file",
  ]);
});

Deno.test("loadConfig() reads an alias from the environment, ours before tapes'", () => {
  const env: Record<string, string> = { TAPES_PROXY_UPSTREAM: "http://tapes" };
  assert.equal(load("", { env }).plugin("recorder").settings.upstream, "http://tapes");
  env.CAPSTAN_PROXY_UPSTREAM = "http://ours";
  assert.equal(load("", { env }).plugin("recorder").settings.upstream, "http://ours");
  env.CAPSTAN_PLUGINS_RECORDER_UPSTREAM = "http://key";
  assert.equal(load("", { env }).plugin("recorder").settings.upstream, "http://key");
});

Deno.test("loadConfig() takes an empty environment variable for one that is not set", () => {
  const env = { CAPSTAN_LOGGING_LEVEL: "" };
  assert.equal(sourceOf(load("", { env }), "logging.level"), "default");
});

Deno.test("loadConfig() fills [kafka] from KAFKA_ variables", () => {
  const { kafka } = load("", {
    env: {
      KAFKA_BOOTSTRAP_SERVERS: "a:9092, b:9092",
      KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
      KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
      KAFKA_SASL_USERNAME: "me",
      KAFKA_SASL_PASSWORD: "hush",
      KAFKA_CONSUMER_GROUP: "ours",
    },
  }).host;
  assert.deepEqual({ ...kafka }, {
    bootstrap_servers: ["a:9092", "b:9092"],
    security_protocol: "SASL_SSL",
    sasl_mechanism: "SCRAM-SHA-512",
    sasl_username: "me",
    sasl_password: "hush",
    client_id: "capstan",
    consumer_group: "ours",
  });
});

Deno.test("loadConfig() takes [kafka] and [publisher.kafka] that name the same brokers", () => {
  const { host } = load(
    `[kafka]\nbootstrap_servers = ["a:9092", "B"]\n[publisher.kafka]\nbrokers = "b:9092,a"\ntopic = "nodes"\n`,
  );
  assert.deepEqual(host.publisher.kafka.brokers, ["b:9092", "a"]);
});

Deno.test("loadConfig() leaves KAFKA_ variables that contradict each other alone where there are no brokers", () => {
  assert.equal(load("", { env: { KAFKA_SASL_MECHANISM: "PLAIN" } }).host.kafka.sasl_mechanism, "PLAIN");
});

Deno.test("loadConfig() reads every type from environment and flags", () => {
  const env = {
    CAPSTAN_PLUGINS_RECORDER_RETRIES: "7",
    CAPSTAN_PLUGINS_RECORDER_RATIO: "0.25",
    CAPSTAN_PLUGINS_RECORDER_VERBOSE: "true",
    CAPSTAN_PLUGINS_RECORDER_KEEP: "2d",
    CAPSTAN_PLUGINS_RECORDER_LIMIT: "1MB",
  };
  const flags: FlagValue[] = [
    { key: "plugins.recorder.tags", name: "--recorder-tags", value: ["a,b", "c"] },
    { key: "plugins.recorder.enabled", name: "--no-recorder-enabled", value: false },
  ];
  const { enabled, settings } = load("", { env, flags }).plugin("recorder");
  assert.equal(enabled, false);
  const { retries, ratio, verbose, keep, limit, tags } = settings;
  assert.deepEqual({ retries, ratio, verbose, keep, limit, tags }, {
    retries: 7,
    ratio: 0.25,
    verbose: true,
    keep: 172_800_000,
    limit: 1_000_000,
    tags: ["a", "b", "c"],
  });
});

Deno.test("loadConfig() gives named tables their defaults, and reads their fields from the environment", () => {
  const file = `[plugins.recorder.providers."open ai"]\n[topics."tapes.nodes.v1"]\nretention = "forever"\n`;
  const env = { CAPSTAN_PLUGINS_RECORDER_PROVIDERS_OPEN_AI_KEY: "hush" };
  const loaded = load(file, { env });
  const { providers } = loaded.plugin("recorder").settings;
  const { "open ai": provider } = { "open ai": undefined, ...Object(providers) };
  assert.equal(provider.upstream, "http://localhost");
  assert.equal(provider.key, "hush");
  assert.equal(loaded.host.topics["tapes.nodes.v1"]?.retention, Infinity);
  assert.equal(loaded.entry('topics."tapes.nodes.v1".retention').text, '"forever"');
});

Deno.test("loadConfig() starts relative paths at the file's folder, others at the working directory", () => {
  const own = load(`[store]\nsqlite = "data/x.sqlite"\n[plugins.recorder.tls]\nca = "~/ca.pem"\n`, {
    env: { HOME: "/home/me" },
  });
  assert.equal(own.host.store.sqlite, "/conf/data/x.sqlite");
  assert.deepEqual(own.plugin("recorder").settings.tls, { ca: "/home/me/ca.pem" });
  assert.equal(load(`[storage]\nsqlite_path = "x.sqlite"\n`).host.store.sqlite, "/here/x.sqlite");
  assert.equal(load("", { env: { CAPSTAN_STORE_SQLITE: "x.sqlite" } }).host.store.sqlite, "/here/x.sqlite");
});

Deno.test("loadConfig() reads a file that tapes wrote, and says which of its keys mean nothing here", () => {
  const loaded = load(`version = 0

[storage]
sqlite_path = "/data/tapes.sqlite"

[proxy]
upstream = "https://api.openai.com"

[api]
listen = ":8081"

[client]
proxy_target = "http://localhost:8080"

[vector_store]
provider = "sqlite"

[publisher]
[publisher.kafka]
brokers = "a:9092,b:9092"
topic = "tapes.nodes.v1"
`);
  assert.equal(loaded.host.store.sqlite, "/data/tapes.sqlite");
  assert.equal(loaded.host.admin.listen, ":8081");
  assert.deepEqual(loaded.host.publisher.kafka, { brokers: ["a:9092", "b:9092"], topic: "tapes.nodes.v1" });
  assert.deepEqual(loaded.warnings, [
    "/conf/config.toml: keys of tapes that mean nothing here are read past: version, client.proxy_target, vector_store.provider",
  ]);
});

Deno.test("loadConfig() warns of a CAPSTAN_ variable one slip away from a setting, and of no other", () => {
  const { warnings } = load("", {
    env: { CAPSTAN_LOGGING_LEVLE: "debug", CAPSTAN_SERVICE_HOST: "10.0.0.1" },
  });
  assert.deepEqual(warnings, [
    "env CAPSTAN_LOGGING_LEVLE is not a setting; did you mean CAPSTAN_LOGGING_LEVEL?",
  ]);
});

Deno.test("loadConfig() shows no secret: not in entries, not as JSON, not on the console", () => {
  const loaded = load(
    `[plugins.recorder]\napi_key = "hush-1"\n[plugins.recorder.providers.a]\nkey = "hush-2"\n`,
    {
      env: { CAPSTAN_ADMIN_TOKEN: "hush-3-0123456789" },
    },
  );
  const { settings } = loaded.plugin("recorder");
  assert.equal(settings.api_key, "hush-1");
  assert.equal(loaded.host.admin.token, "hush-3-0123456789");
  const all = [loaded, loaded.host, settings, loaded.entries];
  const shown = [
    ...all.map((each) => JSON.stringify(each)),
    ...all.map((each) => inspect(each, { depth: 9 })),
    ...all.map((each) => Deno.inspect(each, { depth: 9 })),
  ];
  for (const text of shown) assert.doesNotMatch(text, /hush/);
  assert.match(JSON.stringify(settings), /"api_key":"\*\*\*"/);
  assert.deepEqual(structuredClone(settings).api_key, "hush-1");
});

Deno.test("loadConfig() gives settings nobody can change", () => {
  const { host } = load("");
  assert.throws(() => Object.assign(host.logging, { level: "debug" }), TypeError);
});

Deno.test("entry() names the nearest setting where there is none", () => {
  assert.throws(() => load("").entry("loging.level"), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 78);
    assert.match(
      error.message,
      /config get: loging\.level is not a setting; .*did you mean logging\.level\?/,
    );
    return true;
  });
});

Deno.test("plugin() throws for a plugin that was not loaded", () => {
  assert.throws(() => load("").plugin("other"), RangeError);
});

Deno.test("loadConfig() reads a table of texts, whether a name with dots is quoted or not", () => {
  const loaded = load(`
[topics."orders".settings]
"cleanup.policy" = "compact"
min.compaction.lag.ms = "60000"

[plugins.recorder]
labels = { team = "a" }
`);
  assert.deepEqual(loaded.host.topics.orders?.settings, {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": "60000",
  });
  assert.deepEqual(loaded.plugin("recorder").settings.labels, { team: "a" });
  const key = 'topics.orders.settings."cleanup.policy"';
  assert.equal(loaded.entry(key).text, '"compact"');
  assert.equal(sourceOf(loaded, key), "/conf/config.toml:3");
});

Deno.test("loadConfig() refuses what is no text in a table of texts, and Kafka's name for the retention", () => {
  const cases: [string, RegExp][] = [
    ["min.insync.replicas = 2", /topics\.orders\.settings\.min\.insync\.replicas.*it must be a text/s],
    ['"retention.ms" = "1000"', /settings\."retention\.ms".*set topics\.orders\.retention instead/s],
  ];
  for (const [line, message] of cases) {
    assert.throws(() => load(`[topics.orders.settings]\n${line}\n`), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof ConfigError;
    });
  }
  assert.throws(() => load('[topics.orders]\nsettings = "compact"\n'), /it must be a table/);
});
