import type { PluginContext } from "capstan";
import type { Settings } from "../settings.ts";
import { RecordFile, seqOf } from "./record_file.ts";

/**
 * Registers the file of records, where there is one: a group of its own over the trail's topic, so that while the file
 * can't be written it holds its place, and catches up. Gives the file, to be closed.
 */
export function registerFile(
  ctx: Pick<PluginContext, "stream">,
  { topic, file: { path, max_bytes } }: Pick<Settings, "topic" | "file">,
): RecordFile | undefined {
  if (path === undefined) return undefined;
  const file = new RecordFile({ path, maxBytes: max_bytes });
  ctx.stream(
    { topics: [topic], group: "audit-file", source: "local", concurrency: 1, attempts: Infinity },
    async ({ records }) => {
      const lines = records.flatMap(({ value }) =>
        value === null ? [] : [{ seq: seqOf(value), bytes: value }]
      );
      await file.append(lines);
    },
  );
  return file;
}
