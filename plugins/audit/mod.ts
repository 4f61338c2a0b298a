import type { Plugin } from "capstan";
import { Checkpointer } from "./checkpoints/checkpointer.ts";
import { keyCommand } from "./commands/key.ts";
import { logCommand } from "./commands/log.ts";
import { rotateKeyCommand } from "./commands/rotate_key.ts";
import { rotateMasterCommand } from "./commands/rotate_master.ts";
import { registerIntake } from "./intake/register.ts";
import type { Keyring } from "./seal/keyring.ts";
import { openKeyring } from "./seal/open_keyring.ts";
import { settings } from "./settings.ts";
import { registerTrail } from "./trail/register.ts";
import { AUDIT_MIGRATIONS } from "./trail/tables.ts";
import { checkpointTopic, registerTopics } from "./trail/topics.ts";

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
    const intake = registerIntake(ctx, config, () => keyring);
    const checkpointer = new Checkpointer({
      settings: config,
      store,
      producer: ctx.producer(checkpointTopic(config)),
      log: ctx.log,
      now: () => ctx.now(),
      sleep: (ms, signal) => ctx.sleep(ms, signal),
      take: (inputs) => intake.take(inputs),
    });
    const commands = [
      logCommand(config),
      keyCommand(),
      rotateKeyCommand(config),
      rotateMasterCommand(config),
    ];
    for (const command of commands) ctx.command(command);
    return {
      async start() {
        keyring = await openKeyring(store, config);
        await checkpointer.start();
      },
      drain: () => checkpointer.drain(),
      stop: () => checkpointer.stop(),
      health: () => checkpointer.health(),
    };
  },
} satisfies Plugin<typeof settings>;
