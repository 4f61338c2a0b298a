import assert from "node:assert/strict";
import type { BusDriver } from "../bus/contract.ts";
import { BusBench, type BusCase, uniqueName } from "./bus_case.ts";
import { GROUP_CASES } from "./bus_group_cases.ts";
import { RECORD_CASES } from "./bus_record_cases.ts";
import { START_CASES } from "./bus_start_cases.ts";
import { TOPIC_CASES } from "./bus_topic_cases.ts";

/** A driver for one case; disposing of it takes away what it needed (a folder, a broker). */
export interface DriverUnderTest extends AsyncDisposable {
  /** Fresh, or with nothing in it that the suite would touch. */
  driver: BusDriver;
}

/** How the suite runs. */
export interface BusSuiteOptions {
  /** Cases a driver can't pass, by their sentence, with the reason; a sentence no case has is an error. */
  skip?: Readonly<Record<string, string>>;
  /** Milliseconds after which waiting for something fails. Default 10,000. */
  deadlineMs?: number;
  /** Skips all, where what the driver needs isn't there. */
  ignore?: boolean;
  /** Deno's checks for leaked resources. Default true. */
  sanitize?: boolean;
}

const LIFE_CASES: readonly BusCase[] = [
  {
    name: "ping() resolves while the bus answers",
    async run({ driver }) {
      await driver.ping();
      await driver.ping(AbortSignal.timeout(5_000));
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
    name: "a subscription closes twice, and ends the receive() that waits",
    async run(bench) {
      const topic = await bench.topic();
      for (const group of [null, uniqueName("group")]) {
        const subscription = await bench.open({ group, topics: [topic] });
        const waiting = subscription.receive({ max: 1, maxBytes: 1_000, waitMs: 3_600_000 });
        await subscription[Symbol.asyncDispose]();
        assert.equal(await waiting, null);
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
  const cases = [...RECORD_CASES, ...TOPIC_CASES, ...START_CASES, ...GROUP_CASES, ...LIFE_CASES];
  for (const sentence of Object.keys(options.skip ?? {})) {
    if (!cases.some((one) => one.name === sentence)) {
      throw new RangeError(`Cannot skip a case: none is "${sentence}"`);
    }
  }
  const sanitize = options.sanitize ?? true;
  for (const one of cases) {
    const reason = options.skip?.[one.name];
    Deno.test({
      name: `${name}: ${one.name}${reason ? ` (skipped: ${reason})` : ""}`,
      ignore: reason !== undefined || options.ignore === true,
      sanitizeOps: sanitize,
      sanitizeResources: sanitize,
      async fn() {
        await using made = await makeDriver();
        await one.run(new BusBench(made.driver, options.deadlineMs ?? 10_000));
      },
    });
  }
}
