import { fileURLToPath } from "node:url";
import { loadIsolatedPlugin } from "../../../../lib/plugin/isolation/load_isolated_plugin.ts";
import { testPlugin } from "../../../../lib/testing/plugin_suite.ts";

const turns = [
  {
    value: {
      model: "m",
      answers: [{ content: [{ text: "write to me@example.org" }] }],
      usage: { total_tokens: 3 },
    },
  },
  { value: { model: "n" } },
];

for (const name of ["print", "redact_and_forward"]) {
  const plugin = await loadIsolatedPlugin({
    name,
    path: fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url)),
    handlerTimeoutMs: 60_000,
    permissions: {},
  });
  testPlugin(plugin, {
    records: { "tapes.turns.v1": turns },
    skip: {
      "setup() does no I/O, begins nothing and uses nothing that is open from start on alone":
        "what stands for an isolated plugin asks a Worker what it registers",
    },
  });
}
