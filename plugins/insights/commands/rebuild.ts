import type { CommandCall, PluginCommand } from "capstan";
import { readJson } from "capstan/json";
import type { RebuildResult, RebuildStep } from "../rebuild/rebuild_state.ts";
import { REBUILD_PATH } from "../rebuild/register.ts";

/** `capstan insights rebuild`: has the running agent make its state anew from the topics. */
export const rebuildCommand: PluginCommand = {
  path: "insights rebuild",
  doc:
    "Have the running agent make the tables of insights anew from what the topics keep; nothing is sent again.",
  options: [{ flags: "--json", doc: "Say what came of it as one JSON object." }],
  examples: ["capstan insights rebuild"],
  run: rebuild,
};

type Line = RebuildStep | { rebuilt: RebuildResult } | { error: string };

async function rebuild(call: CommandCall): Promise<void> {
  const result = await answered(call);
  if (call.options.json === true) return await call.stdout.write(`${JSON.stringify(result)}\n`);
  for (const { stream, partitions, records } of result.streams) {
    await call.stdout.write(`${stream}: ${records} records of ${partitions} partitions handled again\n`);
  }
  const width = Math.max(0, ...result.rows.map(({ table }) => table.length));
  for (const { table, before, after } of result.rows) {
    await call.stdout.write(`${table.padEnd(width)}  ${before} rows before, ${after} after\n`);
  }
}

async function answered(call: CommandCall): Promise<RebuildResult> {
  await using progress = call.progress();
  const response = await call.admin(REBUILD_PATH, { method: "POST", signal: call.signal });
  if (!response.ok || response.body === null) throw new Error(await refusalOf(response));
  for await (const line of linesOf(response.body)) {
    if ("error" in line) throw new Error(`Cannot rebuild: ${line.error}`);
    if ("rebuilt" in line) return line.rebuilt;
    await progress.show({ what: line.stream, done: line.done, total: line.total });
  }
  throw new Error(
    "Cannot say what came of it: the agent stopped in the middle; its next start goes on with it",
  );
}

async function refusalOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.status === 404) {
    return "Cannot rebuild: the agent does not run the plugin insights; set plugins.insights.enabled";
  }
  try {
    return String((readJson(text) as { error: unknown }).error);
  } catch (cause) {
    throw new Error(`Cannot rebuild: the agent answers ${response.status}: ${text.slice(0, 200)}`, { cause });
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield readJson(line) as Line;
  }
}
