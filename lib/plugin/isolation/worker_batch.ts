import type { Batch, HandlerReturn, PublishRequest, StreamHandler } from "../../bus/handler.ts";
import { requestsOf } from "../../bus/stream/handler_result.ts";
import type { Answer } from "./calls.ts";
import { packRequests, type PackRequestsOptions } from "./pack_requests.ts";
import { buffersOf } from "./packer.ts";
import type { SentBatch, SentResult } from "./protocol.ts";
import { refusal } from "./refusal.ts";
import { sendError, type Sent } from "./sent_error.ts";
import { recordsOf } from "./worker_records.ts";

/** A stream as it is in the Worker. */
export interface WorkerBatchOptions extends Pick<PackRequestsOptions, "encode"> {
  /** For messages. */
  plugin: string;
  handler: StreamHandler;
  /** Topic of raw values the handler returns. */
  outputTopic: string | undefined;
}

/**
 * Hands a batch to its handler and packs what comes back.
 * @throws what the handler threw, or why what it returned can't be taken.
 */
export async function handleBatch(
  sent: SentBatch,
  signal: AbortSignal,
  { plugin, handler, outputTopic, encode }: WorkerBatchOptions,
): Promise<Answer & { answer: SentResult }> {
  const records = recordsOf(sent);
  const offsets = new Set(records.map(({ offset }) => offset));
  const failed = new Map<number, Sent>();
  const batch: Batch = {
    topic: sent.topic,
    partition: sent.partition,
    records,
    signal,
    fail: ({ offset }, cause) => {
      if (!offsets.has(offset)) {
        throw new TypeError(
          `Cannot fail offset ${offset}: it is not in this batch; give one of batch.records`,
        );
      }
      failed.set(offset, sendError(cause ?? new Error("the handler gave no cause")));
    },
  };
  const requests = outputsOf(await handler(batch), plugin, outputTopic);
  const outputs = requests.length === 0 ? undefined : packRequests(requests, { encode, records });
  return {
    answer: { outputs, failed: [...failed].map(([offset, cause]) => ({ offset, cause })) },
    ...(outputs && { transfer: buffersOf(outputs) }),
  };
}

function outputsOf(
  returned: HandlerReturn,
  plugin: string,
  outputTopic: string | undefined,
): readonly PublishRequest[] {
  const { requests, write } = requestsOf(returned, outputTopic);
  if (write !== undefined) throw refusal(plugin, "write", "write(tx)");
  return requests;
}
