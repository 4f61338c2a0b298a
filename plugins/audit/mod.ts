import type { Plugin } from "capstan";
import { logCommand } from "./commands/log.ts";
import { rotateMasterCommand } from "./commands/rotate_master.ts";
import { registerIntake } from "./intake/register.ts";
import type { Keyring } from "./seal/keyring.ts";
import { openKeyring } from "./seal/open_keyring.ts";
import { settings } from "./settings.ts";
import { registerTrail } from "./trail/register.ts";
import { AUDIT_MIGRATIONS } from "./trail/tables.ts";
import { registerTopics } from "./trail/topics.ts";

export default {
  name: "audit",
  doc: "A trail of what was asked of which model by whom, that nobody can alter unnoticed.",
  config: settings,
  enabledByDefault: false,
  setup(ctx, config) {
    registerTopics(ctx, config);
    const store = ctx.store(AUDIT_MIGRATIONS);
    let keyring: Keyring | undefined;
    registerTrail(ctx, config);
    registerIntake(ctx, config, () => keyring);
    ctx.command(logCommand(config));
    ctx.command(rotateMasterCommand(config));
    return {
      async start() {
        keyring = await openKeyring(store, config);
      },
    };
  },
} satisfies Plugin<typeof settings>;
