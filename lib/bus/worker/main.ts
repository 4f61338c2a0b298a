/// <reference lib="deno.worker" />
import { errorChain } from "../../telemetry/plain.ts";
import { type RunningBackroom, startBackroom } from "./backroom.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** Entry of the Worker: turns messages into calls. */
const post = (message: FromWorker) => self.postMessage(message);
const dropping = new AbortController();
const started = Promise.withResolvers<RunningBackroom>();
// Messages before the start, and a failed one, are not this promise's to report.
started.promise.catch(() => {});

/** A Worker that ends itself tells nobody: without this its host would wait for it for ever. */
const close = self.close.bind(self);
const end = (how: string) => (): never => {
  post({ kind: "failed", error: `a handler ended it by ${how}` });
  close();
  throw new Error(`Cannot go on: a handler called ${how}`);
};
self.close = end("self.close()");
Deno.exit = end("Deno.exit()");

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  try {
    if (data.kind === "start") {
      started.resolve(await startBackroom(data.start, post));
      post({ kind: "ready" });
      return;
    }
    if (data.kind === "drop") dropping.abort();
    const backroom = await started.promise;
    if (data.kind === "appended") backroom.appended(data.topics);
    else if (data.kind === "pause") backroom.pause(data.stream);
    else if (data.kind === "resume") backroom.resume(data.stream);
    else if (data.kind === "hold") backroom.hold(data.reason);
    else if (data.kind === "taken") backroom.taken(data.id, data.error);
    else if (data.kind === "rebuild") void backroom.rebuild(data.id, data.stream);
    else if (data.kind === "stop") {
      await backroom.stop(dropping.signal);
      post({ kind: "stopped" });
    }
  } catch (error) {
    post({ kind: "failed", error: errorChain(error) });
  }
};
