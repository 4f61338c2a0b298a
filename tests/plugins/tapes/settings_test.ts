import assert from "node:assert/strict";
import { loadConfig } from "../../../lib/config/load.ts";
import tapes from "../../../plugins/tapes/mod.ts";
import type { Settings } from "../../../plugins/tapes/settings.ts";

function load(text: string): Partial<Settings> {
  const located = { dir: "/conf", file: "/conf/config.toml", text, origin: "told" } as const;
  return loadConfig({ plugins: [tapes], located, env: {}, cwd: "/cwd" }).plugin("tapes").settings;
}

Deno.test("files of authorities are found beside the config.toml that names them", () => {
  const settings = load(
    '[plugins.tapes]\nupstream_ca_file = "ca.pem"\n[plugins.tapes.providers.own]\nupstream_ca_file = "own.pem"\n',
  );
  assert.equal(settings.upstream_ca_file, "/conf/ca.pem");
  assert.equal(settings.providers?.own?.upstream_ca_file, "/conf/own.pem");
});

for (const listen of ["127.0.0.1:8080", ":8080", "[::1]:0", "localhost:1"]) {
  Deno.test(`${listen} is an address to listen at`, () => {
    assert.equal(load(`[plugins.tapes]\nlisten = "${listen}"`).listen, listen);
  });
}

for (const listen of ["8080", "127.0.0.1", "http://127.0.0.1:8080", "::1:x", ""]) {
  Deno.test(`${JSON.stringify(listen)} is no address to listen at, of the proxy or of a provider`, () => {
    for (const table of ["plugins.tapes", "plugins.tapes.providers.own"]) {
      assert.throws(
        () => load(`[${table}]\nlisten = "${listen}"`),
        /config\.toml:2.*it must be an address as/s,
      );
    }
  });
}
