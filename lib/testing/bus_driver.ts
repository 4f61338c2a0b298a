import assert from "node:assert/strict";
import { ASSIGNMENT_CASES } from "./bus_assignment_cases.ts";
import { BusBench, type BusCase, type Codec, type DriverUnderTest, uniqueName } from "./bus_case.ts";
import { COMPRESSION_CASES } from "./bus_compression_cases.ts";
import { DELETE_CASES } from "./bus_delete_cases.ts";
import { GROUP_ADMIN_CASES } from "./bus_group_admin_cases.ts";
import { GROUP_CASES } from "./bus_group_cases.ts";
import { REBALANCE_CASES } from "./bus_rebalance_cases.ts";
import { RECORD_CASES } from "./bus_record_cases.ts";
import { START_CASES } from "./bus_start_cases.ts";
import { TOPIC_CASES } from "./bus_topic_cases.ts";
import { DEADLINE_MS, registerCases, type SuiteOptions } from "./suite.ts";

/** How the suite of a bus runs. */
export interface BusSuiteOptions extends SuiteOptions {
  /**
   * Another driver on the same bus as the one of the case, which compresses what it sends. A bus that never compresses
   * skips these cases.
   */
  compressing?(codec: Codec): Promise<DriverUnderTest>;
}

const LIFE_CASES: readonly BusCase[] = [
  {
    name: "ping() resolves while the bus answers",
    async run({ driver }) {
      await driver.ping();
      await driver.ping(AbortSignal.timeout(DEADLINE_MS));
    },
  },
  {
    name: "close() is safe twice, and with a subscription open and waiting",
    async run(bench) {
      const topic = await bench.topic();
      const member = await bench.open({ group: uniqueName("group"), topics: [topic] });
      const waiting = member.receive({ max: 1, maxBytes: 1_000, waitMs: 3_600_000 });
      await bench.driver.close();
      assert.equal(await waiting, null);
      await bench.driver.close();
      await member[Symbol.asyncDispose]();
    },
  },
  {
    name: "a subscription closes twice, ends the receive() that waits, and rejects the next",
    async run(bench) {
      const topic = await bench.topic();
      for (const group of [null, uniqueName("group")]) {
        const subscription = await bench.open({ group, topics: [topic] });
        const waiting = subscription.receive({ max: 1, maxBytes: 1_000, waitMs: 3_600_000 });
        await subscription[Symbol.asyncDispose]();
        assert.equal(await waiting, null);
        await assert.rejects(subscription.receive({ max: 1, maxBytes: 1_000, waitMs: 0 }), /closed/);
        await subscription[Symbol.asyncDispose]();
      }
    },
  },
];

/** Registers a test for each sentence of the bus contract, over the driver `makeDriver` gives. */
export function testBusDriver(
  name: string,
  makeDriver: () => Promise<DriverUnderTest>,
  options: BusSuiteOptions = {},
): void {
  const cases = [
    ...RECORD_CASES,
    ...COMPRESSION_CASES,
    ...TOPIC_CASES,
    ...DELETE_CASES,
    ...START_CASES,
    ...ASSIGNMENT_CASES,
    ...GROUP_CASES,
    ...REBALANCE_CASES,
    ...GROUP_ADMIN_CASES,
    ...LIFE_CASES,
  ];
  registerCases(name, cases, options, async (one) => {
    await using made = await makeDriver();
    await one.run(new BusBench(made.driver, options.deadlineMs ?? DEADLINE_MS, options.compressing));
  });
}
