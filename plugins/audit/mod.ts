import type { Plugin } from "capstan";
import { registerTopics } from "./trail/topics.ts";
import { settings } from "./settings.ts";
import { AUDIT_MIGRATIONS } from "./trail/tables.ts";

export default {
  name: "audit",
  doc: "A trail of what was asked of which model by whom, that nobody can alter unnoticed.",
  config: settings,
  enabledByDefault: false,
  setup(ctx, config) {
    registerTopics(ctx, config);
    ctx.store(AUDIT_MIGRATIONS);
  },
} satisfies Plugin<typeof settings>;
