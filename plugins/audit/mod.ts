import type { Health, Plugin } from "capstan";
import { Checkpointer } from "./checkpoints/checkpointer.ts";
import { checkCommand } from "./commands/check.ts";
import { eraseCommand } from "./commands/erase.ts";
import { exportCommand } from "./commands/export.ts";
import { holdCommands } from "./commands/hold.ts";
import { keyCommand } from "./commands/key.ts";
import { logCommand } from "./commands/log.ts";
import { proveCommand } from "./commands/prove.ts";
import { retainCommand } from "./commands/retain.ts";
import { rotateKeyCommand } from "./commands/rotate_key.ts";
import { rotateMasterCommand } from "./commands/rotate_master.ts";
import { searchCommand } from "./commands/search.ts";
import { verifyCommand } from "./commands/verify.ts";
import { registerIntake } from "./intake/register.ts";
import type { Keyring } from "./seal/keyring.ts";
import { openKeyring } from "./seal/open_keyring.ts";
import { Retention } from "./retention/retention.ts";
import { registerRecords } from "./search/register.ts";
import { registerFile } from "./sinks/register.ts";
import { settings } from "./settings.ts";
import { registerFigures } from "./trail/metrics.ts";
import { registerTrail } from "./trail/register.ts";
import { AUDIT_MIGRATIONS } from "./trail/tables.ts";
import { beginTurns } from "./trail/turn_distance.ts";
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
    registerRecords(ctx, { store, intake, keyring: () => keyring });
    const checkpointer = new Checkpointer({
      settings: config,
      store,
      producer: ctx.producer(checkpointTopic(config)),
      log: ctx.log,
      now: () => ctx.now(),
      sleep: (ms, signal) => ctx.sleep(ms, signal),
      take: (inputs) => intake.take(inputs),
    });
    const retention = new Retention({
      store,
      retentionMs: config.retention,
      log: ctx.log,
      now: () => ctx.now(),
      sleep: (ms, signal) => ctx.sleep(ms, signal),
      take: (inputs) => intake.take(inputs),
    });
    const trailHealth = registerFigures(ctx, {
      store,
      settings: config,
      isOpen: () => keyring !== undefined,
    });
    const file = registerFile(ctx, config);
    const commands = [
      logCommand(config, ctx.redact),
      keyCommand(),
      rotateKeyCommand(config),
      rotateMasterCommand(config),
      verifyCommand(config),
      proveCommand,
      checkCommand,
      eraseCommand(config, ctx.redact),
      ...holdCommands(config, ctx.redact),
      retainCommand(config),
      exportCommand(config, ctx.redact),
      searchCommand(config, ctx.redact),
    ];
    for (const command of commands) ctx.command(command);
    return {
      async start() {
        keyring = await openKeyring(store, config);
        await checkpointer.start();
        await store.write(beginTurns);
        retention.start();
      },
      async drain() {
        await retention.stop();
        await checkpointer.drain();
      },
      async stop() {
        await retention.stop();
        await checkpointer.stop();
        await file?.close();
        keyring = undefined;
      },
      health: () => both(trailHealth(), checkpointer.health()),
    };
  },
} satisfies Plugin<typeof settings>;

function both(trail: Health, checkpoints: Health): Health {
  const details = [trail.detail, checkpoints.detail].filter((detail) => detail !== undefined);
  return {
    status: trail.status === "ok" ? checkpoints.status : trail.status,
    ...(details.length > 0 && { detail: details.join("; ") }),
    figures: trail.figures,
  };
}
