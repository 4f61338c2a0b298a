import { abortable } from "../../bus/abortable.ts";
import { isEncoded } from "../../bus/codec.ts";
import type { Position } from "../../bus/contract.ts";
import type { OutgoingValue, PublishRequest } from "../../bus/handler.ts";
import type { Calls } from "./calls.ts";
import { packRequests } from "./pack_requests.ts";
import { buffersOf } from "./packer.ts";
import type { AgentCalls, WorkerCalls } from "./protocol.ts";
import { receiveError } from "./sent_error.ts";

type How = WorkerCalls["send"]["ask"]["how"];

/** What sends by the agent's thread. */
export interface SendQueueOptions {
  calls: Pick<Calls<WorkerCalls, AgentCalls>, "call">;
  /** The bytes of a value; `undefined`: they are made over there. */
  encode(topic: string, value: OutgoingValue): Uint8Array | null | undefined;
}

interface Waiting extends PromiseWithResolvers<Position> {
  how: How;
  request: PublishRequest;
}

/** Records that a plugin in the Worker sends one by one; those of one turn of the loop go out in one message. */
export class SendQueue {
  readonly #options: SendQueueOptions;
  #waiting: Waiting[] = [];

  /** Empty. */
  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** Resolves with the position when the record is durable. */
  async send(how: How, request: PublishRequest, signal?: AbortSignal): Promise<Position> {
    signal?.throwIfAborted();
    // Now, not when it goes: the caller may change the value meanwhile.
    const value = this.#options.encode(request.topic, request.value);
    const waiting = Promise.withResolvers<Position>();
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    this.#waiting.push({
      ...waiting,
      how,
      request: value === undefined ? request : { ...request, value },
    });
    return await abortable(waiting.promise, signal);
  }

  #flush(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < all.length;) {
      const how = all[at]?.how;
      let end = at;
      while (end < all.length && all[end]?.how === how) end++;
      if (how !== undefined) void this.#post(how, all.slice(at, end));
      at = end;
    }
  }

  async #post(how: How, some: readonly Waiting[]): Promise<void> {
    try {
      const requests = packRequests(some.map(({ request }) => request), {
        encode: (_topic, value) => isEncoded(value) ? value : undefined,
      });
      const answers = await this.#options.calls.call("send", { how, requests }, {
        transfer: buffersOf(requests),
      });
      some.forEach(({ resolve, reject }, at) => {
        const answer = answers[at];
        if (answer === undefined) reject(new Error("Cannot publish: the agent did not answer"));
        else if ("error" in answer) reject(receiveError(answer.error));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }
}
