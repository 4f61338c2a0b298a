import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { z } from "zod";
import { entrySource } from "../../../lib/config/entry.ts";
import { hostSchema } from "../../../lib/config/host.ts";
import { jsonSchema } from "../../../lib/config/json_schema.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { leavesOf, rootSchema } from "../../../lib/config/root.ts";
import { sampleToml } from "../../../lib/config/sample.ts";
import { settingsTable } from "../../../lib/config/settings_table.ts";
import { locatedText, recorder } from "./plugins.ts";

function load(text: string | undefined) {
  return loadConfig({ plugins: [recorder], located: locatedText(text), env: {}, cwd: "/work" });
}

Deno.test("sampleToml() as it stands gives the defaults", () => {
  const loaded = load(sampleToml([recorder]));
  const defaults = load(undefined);
  assert.deepEqual(loaded.host, defaults.host);
  assert.deepEqual(loaded.plugin("recorder"), defaults.plugin("recorder"));
  assert.deepEqual(loaded.warnings, []);
});

Deno.test("sampleToml() with its settings uncommented gives the same defaults, now from the file", () => {
  const text = sampleToml([recorder]).replace(/^#(?=\S+ = \S)/gm, "");
  const loaded = load(text);
  const defaults = load(undefined);
  assert.deepEqual(loaded.host, defaults.host);
  assert.deepEqual(loaded.plugin("recorder"), defaults.plugin("recorder"));
  const withDefault = loaded.entries.filter(({ value, key }) =>
    value !== undefined && key !== "store.sqlite"
  );
  assert.ok(withDefault.length > 20);
  for (const entry of withDefault) {
    assert.match(entrySource(entry), /^\/conf\/config\.toml:[0-9]+$/, entry.key);
  }
});

Deno.test("sampleToml() has every setting", () => {
  const text = sampleToml([recorder]);
  for (const { path } of leavesOf(rootSchema([recorder]))) {
    assert.match(text, new RegExp(`^# *${path.at(-1)} =`, "m"), path.join("."));
  }
});

Deno.test("sampleToml() breaks lines at 100 characters", () => {
  for (const line of sampleToml([recorder]).split("\n")) assert.ok(line.length <= 104, line);
});

Deno.test("jsonSchema() takes what loadConfig() takes, and refuses what it refuses", () => {
  // Zod knows no `not`, so that a secret beside its file is left out here.
  const known = JSON.stringify(jsonSchema([recorder]), (name, value) => name === "allOf" ? undefined : value);
  const schema = z.fromJSONSchema(JSON.parse(known));
  const good = [
    "",
    sampleToml([recorder]).replace(/^#(?=\S+ = \S)/gm, ""),
    `version = 0\n[storage]\nsqlite_path = "x"\n[api]\nlisten = ":8081"\n[embedding]\nmodel = "m"\n`,
    `[topics.x.settings]\na.b = "c"\n"d.e" = "f"\n`,
    `[kafka]\nbootstrap_servers = "a,b"\n[log]\nmax_bytes = 5000000\nretention = "forever"\n`,
    `[plugins.recorder]\napi_key = "x"\n[plugins.recorder.providers.any]\nkey = "x"\n[topics."a b"]\nname = "x"\n`,
  ];
  for (const text of good) {
    load(text);
    const result = schema.safeParse(parse(text));
    assert.ok(result.success, `${text}\n${result.error}`);
  }
  const bad = [
    "[stor]\n",
    "[store]\nsqlit = 1\n",
    `[logging]\nlevel = "loud"\n`,
    `[agent]\ndrain_timeout = "forever"\n`,
    "[plugins.recorder]\nretries = 11\n",
    "[plugins.recorder]\nretries = 1.5\n",
    `[plugins.recorder]\nlimit = "1 MB"\n`,
    `[plugins.recorder.providers.any]\nkye = "x"\n`,
    "[plugins.other]\n",
    `[topics.a]\npartitions = 0\n`,
    "[proxy]\nupstrea = 1\n",
  ];
  for (const text of bad) {
    assert.throws(() => load(text), text);
    assert.ok(!schema.safeParse(parse(text)).success, text);
  }
});

Deno.test("jsonSchema() describes every setting, and marks old names", () => {
  const schema = jsonSchema([recorder]);
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  const text = JSON.stringify(schema);
  for (const { setting } of leavesOf(rootSchema([recorder]))) {
    assert.ok(text.includes(JSON.stringify(setting.doc).slice(1, -1)), setting.doc);
  }
  assert.match(
    text,
    /Old name of plugins\.recorder\.upstream\.","type":"string","default":"[^"]*","deprecated":true/,
  );
});

Deno.test("settingsTable() has a row for each setting", () => {
  assert.equal(
    settingsTable(recorder.config, ["plugins", "recorder"]).split("\n").slice(0, 6).join("\n"),
    `| Key | Value | Default | What it is |
| --- | --- | --- | --- |
| \`plugins.recorder.upstream\` | a text | \`"http://localhost:11434"\` | Where calls go. |
| \`plugins.recorder.mode\` | one of "fast", "safe" | \`"safe"\` | How calls are kept. |
| \`plugins.recorder.api_key\` or \`plugins.recorder.api_key_file\` | a text |  | Key for the upstream. |
| \`plugins.recorder.retries\` | a whole number from 0 to 10 | \`3\` | Attempts after the first. |`,
  );
  const rows = settingsTable(hostSchema).trimEnd().split("\n");
  assert.equal(rows.length, leavesOf(hostSchema).length + 2);
  for (const row of rows) assert.equal(row.replaceAll("\\|", "").split("|").length, 6, row);
});
