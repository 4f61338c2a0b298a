/** A server that only parses what it is sent: what the API's durable acceptance is compared with. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const app = new Hono();
app.post("/v1/feedback", async (c) => {
  await c.req.json();
  return c.json({ event_id: `evt-${crypto.randomUUID()}` }, 202);
});
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(Deno.args[0]), overrideGlobalObjects: false });
