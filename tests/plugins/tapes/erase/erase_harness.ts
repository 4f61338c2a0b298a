import type { EraseHandler, ErasureOutcome, ErasureSubject } from "capstan";
import { Bus } from "../../../../lib/bus/bus.ts";
import { TopicNames } from "../../../../lib/bus/topic_names.ts";
import { eraseSubject } from "../../../../lib/plugin/erase_subject.ts";
import { Registry } from "../../../../lib/plugin/registry.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";
import { eraseFromTapes } from "../../../../plugins/tapes/erase/erase.ts";
import type { Harness } from "../derive/deriver_harness.ts";

/** Erases a subject from a harness's file as the command does. */
export async function erase(
  harness: Harness,
  subject: ErasureSubject,
  handler: EraseHandler = eraseFromTapes({ capture_limit: 1e6 }, NO_REDACTION),
  signal: AbortSignal = new AbortController().signal,
): Promise<ErasureOutcome> {
  const registry = new Registry();
  registry.erasers.push({ plugin: "tapes", handler });
  return await eraseSubject({
    subject,
    registry,
    signal,
    bus: new Bus({ log: harness.local, names: new TopicNames([]), meter: createMeter() }),
    storeFile: harness.store.file,
    relays: false,
    show: () => Promise.resolve(),
  });
}
