/**
 * Capstan's public API: the types a plugin is written with.
 *
 * @module
 */
export type * from "./lib/plugin/contract.ts";
export type * from "./lib/config/schema.ts";
export type * from "./lib/bus/contract.ts";
export type { Migration, Reader, SqlRow, SqlValue, Transaction } from "./lib/store/contract.ts";
export type { LogFields, Logger, LogLevel } from "./lib/telemetry/logger.ts";
export type { Counter, Gauge, Histogram, Labels, MetricOptions } from "./lib/telemetry/metrics.ts";
