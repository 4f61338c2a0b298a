import type { PluginContext } from "capstan";
import { deriveCommand } from "./derive.ts";
import { importCommand } from "./import.ts";
import { logCommand } from "./log.ts";
import { showCommand } from "./show.ts";

/** Registers `log`, `show`, `import` and `derive`. They need nothing of the settings. */
export function registerCommands(ctx: PluginContext): void {
  for (const command of [logCommand, showCommand, importCommand, deriveCommand]) ctx.command(command);
}
