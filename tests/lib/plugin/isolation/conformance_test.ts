import { fileURLToPath } from "node:url";
import { loadIsolatedPlugin } from "../../../../lib/plugin/isolation/load_isolated_plugin.ts";
import { testPlugin } from "../../../../lib/testing/plugin_suite.ts";

for (const name of ["print", "redact_and_forward"]) {
  const path = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
  testPlugin(
    await loadIsolatedPlugin({
      name,
      path,
      handlerTimeoutMs: 60_000,
      permissions: {},
    }),
  );
}
