/**
 * Suites and stand-ins for tests of plugins and of bus drivers.
 *
 * **A plugin's author** registers a test for each sentence of the plugin contract with `testPlugin`, and runs the plugin
 * with `openTestAgent`: in an agent with a log and a store of its own, a clock that the test moves, and faults.
 *
 * **A driver's author** runs two suites in a test file of the driver's own. `testBusDriver` registers a test for each
 * sentence of the bus contract: records and topics, where reading starts, groups and what happens when members come
 * and go. `testStreams` does the same one floor up: batches, failures, outputs and rows of handlers over the driver.
 * Each case asks for a driver, uses topics and groups with names of its own, and disposes of the driver at its end; so
 * drivers of one server may share it.
 *
 * ```ts ignore
 * import { type BusDriver, type CompressionCodec, testBusDriver } from "capstan/testing";
 *
 * declare const MyBus: new (address: string, options?: { codec?: CompressionCodec }) => BusDriver;
 *
 * testBusDriver("my bus", async () => {
 *   const driver = new MyBus("127.0.0.1:4222");
 *   return { driver, [Symbol.asyncDispose]: () => driver.close() };
 * }, {
 *   compressing: async (codec) => {
 *     const driver = new MyBus("127.0.0.1:4222", { codec });
 *     return { driver, [Symbol.asyncDispose]: () => driver.close() };
 *   },
 *   skip: {
 *     "topics.apply() adds partitions": "a topic of my bus has one partition",
 *   },
 * });
 * ```
 *
 * A case that a driver can't pass is named in `skip`, by its whole sentence, with the reason; it is listed as ignored.
 * A driver that has no SQL skips the case of `write()`, one that stores values as they are the cases of compression.
 * Nothing sleeps: what must happen is waited for, at most `deadlineMs`. A bus that tells members of a rebalance by a
 * heartbeat should be given a short one. `testStreams` needs a store beside the driver, for the handlers' rows.
 *
 * What the suites can't show in one process is shown by killing some: see `tests/e2e/exactly_once` for agents that are
 * killed at chosen points, and what must be true afterwards.
 *
 * @module
 */
export type { Codec as CompressionCodec, DriverUnderTest } from "./bus_case.ts";
export { type BusSuiteOptions, testBusDriver } from "./bus_driver.ts";
export type { StreamsUnderTest } from "./stream_case.ts";
export { testStreams } from "./stream_suite.ts";
export type { SuiteOptions } from "./suite.ts";
export { fillDisk, holdWriteLock } from "./store_faults.ts";
export type {
  Assignment,
  BusDriver,
  BusRecord,
  CommitOptions,
  GroupAdmin,
  GroupDescription,
  GroupLag,
  GroupMember,
  Header,
  OpenOptions,
  OutgoingRecord,
  PartitionLag,
  Position,
  ReceiveOptions,
  RecordBatch,
  StartFrom,
  Subscription,
  TopicAdmin,
  TopicChange,
  TopicDescription,
  TopicSpec,
} from "../bus/contract.ts";
export type {
  Migration,
  Reader,
  SqlRow,
  SqlValue,
  Store,
  StoreFailure,
  Transaction,
} from "../store/contract.ts";
export { openTestAgent } from "./test_agent.ts";
export type {
  CapturedLetter,
  CapturedLine,
  CapturedRecord,
  CommandOutcome,
  KillOptions,
  TestAgent,
  TestAgentOptions,
  TestClock,
  TestFaults,
  TestRecord,
  TestStore,
  TestTopic,
} from "./test_agent_contract.ts";
export { testPlugin } from "./plugin_suite.ts";
export type { PluginSuiteOptions } from "./plugin_suite.ts";
export type * from "../plugin/contract.ts";
export type * from "../config/schema.ts";
export type { LogFields, Logger, LogLevel } from "../telemetry/logger.ts";
export type { Counter, Gauge, Histogram, Labels, MetricOptions } from "../telemetry/metrics.ts";
