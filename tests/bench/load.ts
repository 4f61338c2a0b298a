/**
 * A client of its own process: sends `count` chat completions at `concurrency`, each with a message of its own, and
 * prints one line of JSON with requests a second and latencies in milliseconds.
 */
import { connect } from "node:net";
import { MessageReader } from "./message_reader.ts";

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
  const { hostname, port, host } = new URL(origin);
  const headers = {
    host,
    connection: "keep-alive",
    "content-type": "application/json",
    authorization: "Bearer sk-bench",
    ...JSON.parse(extra),
  };
  const head = [
    `POST ${path} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "content-length: ",
  ].join("\r\n");
  const concurrency = Number(concurrencyText);
  const count = Number(countText);
  const context = "The user works on a travel guide and wants short, exact answers with the source named. "
    .repeat(18);
  const run = crypto.randomUUID();
  const total: number[] = [];
  const first: number[] = [];
  let failed = 0;
  let next = 0;

  const bodyOf = (number: number) =>
    JSON.stringify({
      ...(mode === "stream" ? { stream: true } : {}),
      model: "bench-1",
      messages: [{ role: "system", content: context }, {
        role: "user",
        content: `Question ${run} ${number}: what is the capital of France?`,
      }],
    });

  /** Makes calls over one connection until there are no more, or it ends. */
  const calls = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ port: Number(port), host: hostname, noDelay: true });
      let answer: MessageReader | undefined;
      let connected = false, started = 0, began = 0;
      const call = () => {
        connected = true;
        answer = undefined;
        if (next >= count) return socket.end();
        const body = bodyOf(next++);
        answer = new MessageReader();
        began = 0;
        started = performance.now();
        socket.write(`${head}${body.length}\r\n\r\n${body}`, "latin1");
      };
      socket.on("connect", call);
      socket.on("data", (part) => {
        if (answer === undefined) return;
        const ended = answer.push(part);
        if (began === 0 && answer.body > 0) began = performance.now();
        if (!ended) return;
        if (!answer.head.startsWith("HTTP/1.1 200")) failed++;
        total.push(performance.now() - started);
        first.push(began - started);
        call();
      });
      // What failed is counted by `close`.
      socket.on("error", () => {});
      socket.on("close", () => {
        if (!connected) next++;
        if (!connected || answer !== undefined) failed++;
        resolve();
      });
    });
  const worker = async () => {
    while (next < count) await calls();
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
}
