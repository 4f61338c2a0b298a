/**
 * Suites and stand-ins for tests of plugins and bus drivers.
 *
 * @module
 */
export { type BusSuiteOptions, type DriverUnderTest, testBusDriver } from "./bus_driver.ts";
export { fillDisk, holdWriteLock } from "./store_faults.ts";
