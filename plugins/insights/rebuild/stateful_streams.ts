import type { PluginContext, StreamHandle, StreamHandler, StreamOptions } from "capstan";

/** A stream that keeps state in the plugin's tables. */
export interface StatefulStream {
  /** Its consumer group. */
  readonly group: string;
  readonly handle: Pick<StreamHandle, "rebuild">;
}

/** A context that notes the streams that are registered through it and keep state. */
export function notingStreams(
  ctx: PluginContext,
): { ctx: PluginContext; streams: readonly StatefulStream[] } {
  const streams: StatefulStream[] = [];
  const noting: PluginContext = {
    ...ctx,
    stream<V>(options: StreamOptions, handler?: StreamHandler<V>): StreamHandle {
      const handle = ctx.stream(options, handler);
      if (options.state) streams.push({ group: options.group ?? options.topics.join(" "), handle });
      return handle;
    },
  };
  return { ctx: noting, streams };
}
