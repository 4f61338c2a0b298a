/// <reference lib="deno.worker" />
import { readRecord } from "../read_record.ts";
import { type PackedRecords, packReads, unpackRecords } from "./packed.ts";

/** Entry of a thread that reads records: what comes is answered in its order. */
self.onmessage = ({ data }: MessageEvent<PackedRecords>) => {
  const packed = packReads(unpackRecords(data).map(readRecord));
  self.postMessage(packed, [packed.leaves.buffer]);
};
