import type { PluginContext } from "capstan";
import { parseOptions } from "../derive/parse_options.ts";
import type { Settings } from "../settings.ts";
import { deriveCommand } from "./derive.ts";
import { importCommand } from "./import.ts";
import { logCommand } from "./log.ts";
import { showCommand } from "./show.ts";

/** Registers `log`, `show`, `import` and `derive`. */
export function registerCommands(ctx: PluginContext, settings: Pick<Settings, "capture_limit">): void {
  const derive = deriveCommand(parseOptions(settings), ctx.redact);
  for (const command of [logCommand, showCommand, importCommand(ctx.redact), derive]) ctx.command(command);
}
