import process from "node:process";
import type { Plugin } from "capstan";
import { registerApi } from "./api.ts";
import { registerCommands } from "./commands/register.ts";
import { registerDeriver, registerLedger } from "./derive/register.ts";
import { eraseFromTapes } from "./erase/erase.ts";
import { projectName } from "./proxy/project_name.ts";
import { Proxy } from "./proxy/proxy.ts";
import { settings } from "./settings.ts";

export default {
  name: "tapes",
  doc: "Records every call between agents and their models, and turns the record into events.",
  config: settings,
  overlaps: true,
  setup(ctx, config) {
    const store = registerLedger(ctx, config);
    const proxy = new Proxy(ctx, config);
    registerDeriver(ctx, config);
    registerApi(ctx, store);
    registerCommands(ctx, config);
    ctx.onErase(eraseFromTapes(config, ctx.redact));
    return {
      start: () => proxy.open(config.project ?? projectName(process.cwd())),
      drain: (signal) => proxy.drain(signal),
      stop: () => proxy.close(),
      lost: () => proxy.lost(),
      health: () => proxy.health(),
    };
  },
} satisfies Plugin<typeof settings>;
