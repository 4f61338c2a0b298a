/**
 * A client of its own process: sends `count` chat completions at `concurrency`, each with a message of its own, and
 * prints one line of JSON with requests a second and latencies in milliseconds.
 */
import { Pool } from "undici";

/** What one run of the load gives. */
export interface LoadResult {
  requestsPerSecond: number;
  p50: number;
  p99: number;
  firstByteP50: number;
  firstByteP99: number;
  failed: number;
}

if (import.meta.main) {
  const [origin, path, concurrencyText, countText, mode, extra = "{}"] = Deno.args as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  const headers = {
    "content-type": "application/json",
    authorization: "Bearer sk-bench",
    ...JSON.parse(extra),
  };
  const concurrency = Number(concurrencyText);
  const count = Number(countText);
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const context = "The user works on a travel guide and wants short, exact answers with the source named. "
    .repeat(18);
  const run = crypto.randomUUID();
  const total: number[] = [];
  const first: number[] = [];
  let failed = 0;
  let next = 0;

  const one = (body: string) =>
    new Promise<void>((resolve) => {
      const started = performance.now();
      let began = 0;
      pool.dispatch({
        path,
        method: "POST",
        headers,
        body,
      }, {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          if (status !== 200) failed++;
        },
        onResponseData() {
          if (!began) began = performance.now();
        },
        onResponseEnd() {
          const ended = performance.now();
          total.push(ended - started);
          first.push(began - started);
          resolve();
        },
        onResponseError() {
          failed++;
          resolve();
        },
      });
    });
  const worker = async () => {
    while (next < count) {
      const number = next++;
      await one(JSON.stringify({
        ...(mode === "stream" ? { stream: true } : {}),
        model: "bench-1",
        messages: [{ role: "system", content: context }, {
          role: "user",
          content: `Question ${run} ${number}: what is the capital of France?`,
        }],
      }));
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - started) / 1000;
  const at = (values: number[], share: number) =>
    values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
  const result: LoadResult = {
    requestsPerSecond: count / seconds,
    p50: at(total, 0.5),
    p99: at(total, 0.99),
    firstByteP50: at(first, 0.5),
    firstByteP99: at(first, 0.99),
    failed,
  };
  console.log(JSON.stringify(result));
  await pool.close();
}
