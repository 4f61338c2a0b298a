import { testPlugin } from "../../lib/testing/mod.ts";
import { plugins } from "../../plugins/mod.ts";

for (const plugin of plugins) {
  testPlugin(plugin);
}
