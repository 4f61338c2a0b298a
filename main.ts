import { main } from "./lib/cli/main.ts";

const plugins = async () => (await import("./plugins/mod.ts")).plugins;

Deno.exit(await main({ argv: Deno.args, plugins }));
