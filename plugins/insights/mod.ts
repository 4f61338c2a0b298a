import type { Plugin } from "capstan";
import { registerTopics } from "./events/topics.ts";
import { eraseFromInsights } from "./erase.ts";
import { exportCommand } from "./commands/export.ts";
import { feedbackCommand } from "./commands/feedback.ts";
import { rebuildCommand } from "./commands/rebuild.ts";
import { registerFeedback } from "./feedback/register.ts";
import { registerIntake } from "./intake/register.ts";
import { INSIGHTS_MIGRATIONS } from "./migrations.ts";
import { registerRebuild } from "./rebuild/register.ts";
import { notingStreams } from "./rebuild/stateful_streams.ts";
import { registerRules } from "./rules/register.ts";
import { settings } from "./settings.ts";
import { registerSinks } from "./sinks/register.ts";
import { registerAdminActions } from "./turns/admin_action.ts";
import { registerTurns } from "./turns/register.ts";

export default {
  name: "insights",
  doc: "Nine topics of events made of recorded turns and of what people thought of them.",
  config: settings,
  enabledByDefault: false,
  setup(given, config) {
    const { ctx, streams } = notingStreams(given);
    registerTopics(ctx, config);
    const store = ctx.store(INSIGHTS_MIGRATIONS);
    registerTurns(ctx, config);
    registerAdminActions(ctx, config);
    registerIntake(ctx, config);
    registerFeedback(ctx, config);
    ctx.command(feedbackCommand(config));
    ctx.command(exportCommand(config));
    ctx.command(rebuildCommand);
    registerRebuild(ctx, { store, streams });
    ctx.onErase(eraseFromInsights(config));
    registerSinks(ctx, config);
    return registerRules(ctx, config, store);
  },
} satisfies Plugin<typeof settings>;
