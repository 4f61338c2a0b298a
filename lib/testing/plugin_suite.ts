import type { Plugin } from "../plugin/contract.ts";
import { PluginBench, type PluginCase } from "./plugin_case.ts";
import { PLUGIN_CASES } from "./plugin_cases.ts";
import type { TestRecord, TestTopic } from "./test_agent_contract.ts";

/** How the suite runs. */
export interface PluginSuiteOptions {
  /**
   * Its settings, where its defaults won't do: lines of its table as TOML, `url = "http://127.0.0.1:1"`, or an object of
   * the same.
   */
  config?: string | Readonly<Record<string, unknown>>;
  /** Records that its streams handle, by topic. Without them what holds of records is left out, and says so. */
  records?: Readonly<Record<string, readonly TestRecord[]>>;
  /** Topics that it publishes to and does not declare, or reads with values other than JSON. */
  topics?: readonly TestTopic[];
  /** Cases that it can't pass, by their sentence, with the reason; they are listed as ignored. */
  skip?: Readonly<Record<string, string>>;
  /** Real milliseconds after which waiting fails. Default 60,000. */
  deadlineMs?: number;
  /** Deno's checks for leaked resources. Default true. */
  sanitize?: boolean;
}

/**
 * Registers a test for each sentence of the plugin contract, over any plugin: what `setup` may do, that what it declares
 * is sound, how it starts and stops in an agent on the embedded bus, and that records have their effect once.
 *
 * ```ts
 * import { testPlugin } from "capstan/testing";
 * import type { Plugin } from "capstan";
 *
 * const quiet: Plugin = {
 *   name: "quiet",
 *   setup: (ctx) => void ctx.stream({ topics: ["words.v1"] }, () => {}),
 * };
 *
 * testPlugin(quiet, { records: { "words.v1": [{ value: "hello" }] } });
 * ```
 *
 * @throws {RangeError} `skip` names a sentence that no case has.
 */
export function testPlugin(plugin: Plugin, options: PluginSuiteOptions = {}): void {
  const { config = {}, records = {}, topics = [], skip = {}, deadlineMs, sanitize = true } = options;
  const bench = new PluginBench({
    ...{ plugin, config, records, topics },
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
  for (const sentence of Object.keys(skip)) {
    if (!PLUGIN_CASES.some(({ name }) => name === sentence)) {
      throw new RangeError(`Cannot skip a case: none is "${sentence}"`);
    }
  }
  for (const one of PLUGIN_CASES) {
    const reason = skip[one.name] ?? lacking(one, bench);
    Deno.test({
      name: `${plugin?.name}: ${one.name}${reason === undefined ? "" : ` (left out: ${reason})`}`,
      ignore: reason !== undefined,
      sanitizeOps: sanitize,
      sanitizeResources: sanitize,
      fn: () => one.run(bench),
    });
  }
}

/** Why a case can't be run; `undefined`: it can. */
function lacking({ needs }: PluginCase, bench: PluginBench): string | undefined {
  if (needs === undefined) return undefined;
  const given = Object.keys(bench.subject.records);
  if (given.length === 0) return "no records were given";
  if (needs === "records") return undefined;
  const read = streamsOf(bench).filter(({ topics }) => topics.some((topic) => given.includes(topic)));
  if (read.some(({ delivery }) => delivery === "at-least-once")) return "a stream delivers at least once";
  return read.some(({ worker }) => worker !== undefined) ? "a stream runs in a Worker" : undefined;
}

/** None where setup throws, which another case tells. */
function streamsOf(bench: PluginBench): ReturnType<PluginBench["streams"]> {
  try {
    return bench.streams();
  } catch {
    return [];
  }
}
