/**
 * POST /v1/audit of an agent: 64 requests in flight, so many entries each. The time is that until all are acknowledged,
 * which is when they are durable; the next round begins when the trail has them all.
 */
import { Pool } from "undici";
import { answer, StopWatch, way } from "../kafka_sides/rounds.ts";
import { entryOf } from "./entry.ts";

const [origin = "", each = "1"] = way.split(" ");
const pool = new Pool(origin, { connections: 64, pipelining: 1 });

await answer(async ({ records }) => {
  const watch = new StopWatch();
  let sent = 0;
  const entry = () => {
    const { userId, ...rest } = entryOf(sent++);
    return { user_id: userId, ...rest };
  };
  const lane = async () => {
    while (sent < records) {
      const entries = Array.from({ length: Math.min(Number(each), records - sent) }, entry);
      await post(JSON.stringify(entries.length === 1 ? entries[0] : entries));
    }
  };
  await Promise.all(Array.from({ length: 64 }, lane));
  const result = watch.stop(records);
  await settled();
  return result;
});

/** Sends a body by the client's barest call, so that the client is not what is measured. */
function post(body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.dispatch({
      path: "/v1/audit",
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }, {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status !== 202) reject(new Error(`Cannot log: status ${status}`));
      },
      onResponseData() {},
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

/** Waits until the trail has what was acknowledged, so that it takes no CPU from the next side. */
async function settled(): Promise<void> {
  for (;;) {
    const { body } = await pool.request({ path: "/admin/status", method: "GET" });
    const { streams } = await body.json() as { streams: { lag: number }[] };
    if (streams.every(({ lag }) => lag === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
