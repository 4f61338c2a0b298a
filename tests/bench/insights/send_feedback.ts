/** A client of its own process: sends feedback for some seconds, and prints requests a second. */
import { Pool } from "undici";

const [origin = "", seconds = "5", concurrency = "16"] = Deno.args;
const pool = new Pool(origin, { connections: Number(concurrency), pipelining: 1 });
let sent = 0;
const until = performance.now() + Number(seconds) * 1_000;
const started = performance.now();
await Promise.all(Array.from({ length: Number(concurrency) }, async () => {
  while (performance.now() < until) {
    const { statusCode, body } = await pool.request({
      path: "/v1/feedback",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        response_id: `chatcmpl-${sent}`,
        stars: 4,
        comment: "It answers what was asked, and names its source.",
        tags: ["travel", "short"],
      }),
    });
    const text = await body.text();
    if (statusCode !== 202) throw new Error(`Cannot send feedback: ${statusCode} ${text}`);
    sent++;
  }
}));
console.log(sent / (performance.now() - started) * 1_000);
await pool.close();
