import type { Counter, PluginContext } from "capstan";

/** What the proxy counts. */
export interface ProxyMetrics {
  /** Calls sent to a provider. In the end `forwarded = accounted + given up`. */
  forwarded: Counter;
  /** Calls whose row is durable, by outcome. */
  accounted: Counter;
  /** Calls that will have no row, by reason. */
  givenUp: Counter;
  /** Calls answered without asking a provider, by reason. */
  refused: Counter;
  /** Calls forwarded whose content was not kept, by reason. */
  notCaptured: Counter;
  /** Bytes of an answer that came after its row was written. */
  lateBytes: Counter;
}

/** Makes the counters. */
export function proxyMetrics(ctx: Pick<PluginContext, "counter">): ProxyMetrics {
  return {
    forwarded: ctx.counter({ name: "forwarded_total", help: "Calls sent to a provider." }),
    accounted: ctx.counter({
      name: "accounted_total",
      help: "Calls whose row is durable.",
      labels: ["outcome"],
    }),
    givenUp: ctx.counter({
      name: "given_up_total",
      help: "Calls forwarded that will have no row.",
      labels: ["reason"],
    }),
    refused: ctx.counter({
      name: "refused_total",
      help: "Calls answered by the proxy itself, without asking a provider.",
      labels: ["reason"],
    }),
    notCaptured: ctx.counter({
      name: "not_captured_total",
      help: "Calls entered without their content.",
      labels: ["reason"],
    }),
    lateBytes: ctx.counter({
      name: "late_bytes_total",
      help: "Bytes forwarded after an answer's terminal event and its row.",
    }),
  };
}
