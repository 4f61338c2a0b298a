import { testPlugin } from "../../lib/testing/mod.ts";
import { plugins } from "../../plugins/mod.ts";

for (const plugin of plugins) {
  testPlugin(plugin, "listen" in (plugin.config ?? {}) ? { config: 'listen = "127.0.0.1:0"' } : {});
}
