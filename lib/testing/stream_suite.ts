import { BATCH_CASES } from "./stream_batch_cases.ts";
import { StreamBench, type StreamsUnderTest } from "./stream_case.ts";
import { CRASH_CASES } from "./stream_crash_cases.ts";
import { FAILURE_CASES } from "./stream_failure_cases.ts";
import { OUTPUT_CASES } from "./stream_output_cases.ts";
import { REBUILD_CASES } from "./stream_rebuild_cases.ts";
import { STREAM_START_CASES } from "./stream_start_cases.ts";
import { VALUE_CASES } from "./stream_value_cases.ts";
import { DEADLINE_MS, registerCases, type SuiteOptions } from "./suite.ts";

/** Registers a test for each sentence about streams, over the driver `makeDriver` gives. */
export function testStreams(
  name: string,
  makeDriver: () => Promise<StreamsUnderTest>,
  options: SuiteOptions = {},
): void {
  const cases = [
    ...BATCH_CASES,
    ...STREAM_START_CASES,
    ...OUTPUT_CASES,
    ...VALUE_CASES,
    ...FAILURE_CASES,
    ...CRASH_CASES,
    ...REBUILD_CASES,
  ];
  registerCases(`streams over ${name}`, cases, options, async (one) => {
    await using made = await makeDriver();
    await using bench = new StreamBench(made, options.deadlineMs ?? DEADLINE_MS);
    await bench.prepare();
    await one.run(bench);
  });
}
