import { main } from "./lib/cli/main.ts";
import { plugins } from "./plugins/mod.ts";

Deno.exit(await main({ argv: Deno.args, plugins }));
