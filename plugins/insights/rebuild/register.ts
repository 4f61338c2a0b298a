import type { PluginContext, PluginStore } from "capstan";
import { rebuildState, type RebuildStep } from "./rebuild_state.ts";
import type { StatefulStream } from "./stateful_streams.ts";

/** Where the running agent is asked for it. */
export const REBUILD_PATH = "/v1/insights/rebuild";

/** What the registration needs. */
export interface RegisterRebuildOptions {
  store: Pick<PluginStore, "read">;
  streams: readonly StatefulStream[];
}

/**
 * Registers the route that makes the plugin's state anew. It answers with lines of JSON as the work goes on: steps, then
 * `{"rebuilt": …}` or `{"error": …}`. Who does not wait for the end does not stop it.
 */
export function registerRebuild(
  ctx: Pick<PluginContext, "route" | "log">,
  { store, streams }: RegisterRebuildOptions,
): void {
  let running = false;
  ctx.route("POST", REBUILD_PATH, () => {
    if (running) {
      const error = "Cannot rebuild: it is under way already; wait for its end";
      return Response.json({ error }, { status: 409 });
    }
    running = true;
    return new Response(
      lines(async (write) => {
        try {
          const onProgress = throttled((step) => write({ ...step }));
          const rebuilt = await rebuildState({ streams, read: (work) => store.read(work), onProgress });
          ctx.log.info("The state of insights was made anew from the topics.", {
            records: rebuilt.streams.reduce((sum, { records }) => sum + records, 0),
          });
          write({ rebuilt });
        } catch (error) {
          write({ error: error instanceof Error ? error.message : String(error) });
        } finally {
          running = false;
        }
      }),
      { headers: { "content-type": "application/x-ndjson" } },
    );
  }, { role: "admin" });
}

/** A body of lines of JSON that `work` writes; it goes on where nobody reads any more. */
function lines(work: (write: (line: object) => void) => Promise<void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let open = true;
  return new ReadableStream({
    start(controller) {
      void work((line) => {
        if (open) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      }).finally(() => {
        if (open) controller.close();
      });
    },
    cancel() {
      open = false;
    },
  });
}

/** One step for each part in a hundred is enough. */
function throttled(write: (step: RebuildStep) => void): (step: RebuildStep) => void {
  let said = "";
  return (step) => {
    const part = `${step.stream} ${Math.floor((100 * step.done) / Math.max(1, step.total))}`;
    if (part === said) return;
    said = part;
    write(step);
  };
}
