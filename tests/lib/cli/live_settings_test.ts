import assert from "node:assert/strict";
import { loadConfig, type Loaded } from "../../../lib/config/load.ts";
import { settingsChange } from "../../../lib/cli/live_settings.ts";

function settings(text: string): Loaded["host"] {
  const located = { dir: "/data", file: "/data/config.toml", text, origin: "told" } as const;
  return loadConfig({ plugins: [], located, env: {}, cwd: "/" }).host;
}

const KAFKA = '[kafka]\nbootstrap_servers = ["k:9092"]\n';

Deno.test("limits, retention, logging and figures of topics change at once", () => {
  const started = settings("");
  const wanted = settings(
    '[agent]\ndrain_timeout = "1s"\n[logging]\nlevel = "debug"\n[log]\nretention = "1d"\nmax_bytes = "1GB"\n' +
      '[store]\nmin_free_disk = "1MB"\n[topics."tapes.nodes.v1"]\nretention = "2d"\n',
  );
  const change = settingsChange(started, started, wanted);
  assert.deepEqual(change.applied, [
    ...["agent.drain_timeout", "logging.level", "store.min_free_disk", "log.max_bytes", "log.retention"],
    'topics."tapes.nodes.v1".retention',
  ]);
  assert.deepEqual(change.waiting, []);
  assert.deepEqual(change.settings, wanted);
});

Deno.test("the file, listeners, Kafka and names of topics wait for a restart, and are as they were until then", () => {
  const started = settings("");
  const wanted = settings(
    `[store]\nsqlite = "/other"\npower_safe = true\n[admin]\nlisten = "127.0.0.1:1"\ntoken = "0123456789abcdef"\n${KAFKA}` +
      '[topics.words]\nname = "w"\npartitions = 3\n',
  );
  const change = settingsChange(started, started, wanted);
  assert.deepEqual(change.waiting, [
    ...["store.sqlite", "store.power_safe", "admin.listen", "admin.token", "kafka.bootstrap_servers"],
    "topics.words.name",
  ]);
  assert.deepEqual(change.applied, ["topics.words.partitions"]);
  const { store, admin, kafka, topics } = change.settings;
  assert.deepEqual({ store, admin, kafka }, {
    store: started.store,
    admin: started.admin,
    kafka: started.kafka,
  });
  assert.deepEqual(topics, { words: { partitions: 3, settings: {} } });
});

Deno.test("with Kafka the figures of topics wait, too", () => {
  const started = settings(KAFKA);
  const change = settingsChange(started, started, settings(`${KAFKA}[topics.words]\npartitions = 3\n`));
  assert.deepEqual(change.applied, []);
  assert.deepEqual(change.waiting, ["topics.words.partitions"]);
  assert.deepEqual(change.settings.topics, {});
});

Deno.test("what was applied before is no change; what waits is named again", () => {
  const started = settings("");
  const wanted = settings('[logging]\nlevel = "debug"\n[store]\npower_safe = true\n');
  const first = settingsChange(started, started, wanted);
  const second = settingsChange(started, first.settings, wanted);
  assert.deepEqual([second.applied, second.waiting], [[], ["store.power_safe"]]);
  const back = settingsChange(started, second.settings, started);
  assert.deepEqual([back.applied, back.waiting], [["logging.level"], []]);
});
