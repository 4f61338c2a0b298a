import type { BusRecord, CommandCall, PluginCommand } from "capstan";
import { openStore } from "../../../../lib/store/open_store.ts";
import { ProgressLine } from "../../../../lib/plugin/progress_line.ts";
import { type Call, CALLS_TOPIC, encodeCall } from "../../../../plugins/tapes/call.ts";
import type { Harness } from "../derive/deriver_harness.ts";

/** What a command wrote, and how it ended. */
export interface Outcome {
  code: number | void;
  stdout: string;
  stderr: string;
}

/** An output that keeps what is written. */
export function paperRoll(isTerminal = false): CommandCall["stdout"] & { text: string } {
  return {
    text: "",
    isTerminal,
    columns: 80,
    write(text) {
      this.text += text;
      return Promise.resolve();
    },
  };
}

/** A call of a command on a harness's file. `kept` are the calls the log still has. */
export function commandCall(
  harness: Harness,
  given: Partial<Pick<CommandCall, "args" | "options" | "signal">> & { kept?: readonly Call[] } = {},
): CommandCall & { stdout: ReturnType<typeof paperRoll>; stderr: ReturnType<typeof paperRoll> } {
  const { kept = [], ...rest } = given;
  const stderr = paperRoll();
  return {
    progress: () => new ProgressLine(stderr),
    args: [],
    options: {},
    signal: new AbortController().signal,
    ...rest,
    store: harness.store,
    publish: () => Promise.reject(new Error("not used")),
    erase: () => Promise.reject(new Error("not used")),
    commit: (write) => harness.commit(write),
    async *records() {
      for (const [offset, { meta, request, response }] of kept.entries()) {
        const value = encodeCall(meta, [request], [response]);
        yield {
          topic: CALLS_TOPIC,
          partition: 0,
          offset,
          key: null,
          value,
          headers: [],
          timestamp: 0,
        } satisfies BusRecord;
      }
    },
    openFile: (file) => openStore({ file, readOnly: true }),
    stdout: paperRoll(),
    stderr,
    admin: () => Promise.reject(new Error("no agent answers")),
  };
}

/** Runs a command. */
export async function runCommand(
  command: PluginCommand,
  ...[harness, given]: Parameters<typeof commandCall>
): Promise<Outcome> {
  const call = commandCall(harness, given);
  const code = await command.run(call);
  return { code, stdout: call.stdout.text, stderr: call.stderr.text };
}
