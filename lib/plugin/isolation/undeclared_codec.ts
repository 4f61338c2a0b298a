import type { CodecName } from "../../bus/codec.ts";
import { isDeadLetterTopic } from "../../bus/stream/dead_letters.ts";

/** How values of a topic that nobody declared are read. */
export function undeclaredCodec(topic: string): CodecName {
  return isDeadLetterTopic(topic) ? "bytes" : "json";
}
