import type { Batch, StreamHandler, StreamOptions } from "../bus/handler.ts";
import type { Plugin, PluginContext, ServeOptions, Server } from "../plugin/contract.ts";

/** Who watches a plugin. */
export interface Watcher {
  /** A handler begins (1) or ends (-1). */
  works(change: 1 | -1): void;
  /** A handler has done its work on a batch; resolves when what it gave may be stored. */
  handled(batch: Batch): Promise<void>;
  /** A listener was registered. */
  serves(name: string, server: Server): void;
}

/** The plugin, with its handlers and listeners watched. Batches form at once, and listeners take free ports. */
export function watchedPlugin(plugin: Plugin, watcher: Watcher): Plugin {
  return {
    ...plugin,
    setup: (ctx, config) => plugin.setup(watchedContext(ctx, watcher), config),
  };
}

function watchedContext(ctx: PluginContext, watcher: Watcher): PluginContext {
  return {
    ...ctx,
    stream<V>(options: StreamOptions, handler?: StreamHandler<V>) {
      // Time stands still: a batch that waits to fill would wait for ever.
      const atOnce = { ...options, lingerMs: 0 };
      return ctx.stream<V>(
        atOnce,
        handler && (async (batch) => {
          const result = await handler(batch);
          await watcher.handled(batch);
          return result;
        }),
      );
    },
    serve(options) {
      const server = ctx.serve(onFreePort(options));
      watcher.serves(options.name, server);
      return server;
    },
  };
}

function onFreePort(options: ServeOptions): ServeOptions {
  return Object.create(options, { listen: { value: "127.0.0.1:0", enumerable: true } });
}
