import type { Plugin, StreamHandle } from "../../../../../mod.ts";

const config = {
  mark: { type: "string", default: "!", doc: "What is put behind." },
  token: { type: "string", secret: true, doc: "A secret." },
} as const;

/** A plugin with one of everything that an isolated one may have. */
export default {
  name: "shouter",
  doc: "Shouts.",
  config,
  setup(ctx, settings) {
    let started = false;
    const partitions: string[] = [];
    ctx.topic({ name: "quiet.v1", partitions: 2 });
    ctx.topic({ name: "loud.v1", partitions: 1 }, { codec: "text" });
    ctx.topic({ name: "notes.v1", partitions: 1 });
    const producer = ctx.producer("notes.v1");
    const seen = ctx.counter({ name: "seen_total", help: "Records seen.", labels: ["topic"] });
    const depth = ctx.histogram({ name: "depth", help: "Records in a batch.", buckets: [1, 10] });
    ctx.gauge({ name: "started", help: "Whether it is.", collect: () => Number(started) });
    const handle: StreamHandle = ctx.stream<{ say?: string; do?: string }>({
      topics: ["quiet.v1"],
      outputTopic: "loud.v1",
      onAssigned: (came) =>
        void partitions.push(...came.map((each) => `+${each.partition}@${each.committed}`)),
      onRevoked: (went) => void partitions.push(...went.map((each) => `-${each.partition}`)),
    }, async (batch) => {
      seen.inc({ topic: batch.topic }, batch.records.length);
      depth.observe(batch.records.length);
      const outputs = [];
      for (const record of batch.records) {
        const { say = "", do: what } = record.data ?? {};
        if (what === "throw") {
          throw new TypeError("no voice", {
            cause: Object.assign(new RangeError("sore throat"), { code: "E_THROAT" }),
          });
        }
        if (what === "fail") batch.fail(record, new Error("not this one"));
        else if (what === "stranger") batch.fail({ ...record, offset: 99 }, "no");
        else if (what === "write") return { write: () => {} };
        else if (what === "loop") { for (;;); }
        else if (what === "never") await new Promise(() => {});
        else if (what === "abort") {
          await new Promise((_, reject) => (batch.signal.onabort = () => reject(batch.signal.reason)));
        } else if (what === "later") {
          setTimeout(() => {
            throw new Error("thrown later", { cause: new Error("by a timer") });
          });
        } else if (what === "reject") void Promise.reject(new Error("nobody caught me"));
        else if (what === "exit") Deno.exit(3);
        else if (what === "close") self.close();
        else if (what === "note") await producer.send({ noted: say }, { key: "k", from: record });
        else if (what === "append") {
          await ctx.append("notes.v1", { value: { appended: say }, headers: { h: "v" } });
        } else if (what === "bad") return [{ topic: "loud.v1", value: { no: "text" } }];
        else if (what === "odd") return JSON.parse("7");
        else if (what === "pause") handle.pause();
        else if (what === "sleep") await ctx.sleep(5_000);
        else if (what === "full") {
          while (ctx.storage().accepting) {
            seen.inc({ topic: "storage" });
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        } else if (what === "lag") return [`${await handle.lag()}`];
        else if (what === "read") Deno.readTextFileSync("/etc/hostname");
        else if (what === "own") Deno.readTextFileSync(new URL(import.meta.url));
        else if (what === "env") Deno.env.get("HOME");
        else if (what === "net") Deno.listen({ port: 0 }).close();
        else if (what === "run") new Deno.Command("true").outputSync();
        else if (what === "partitions") return [partitions.join(" ")];
        else if (what === "now") return [`${Math.round(ctx.now())}`];
        else if (what === "storage") return [JSON.stringify(ctx.storage())];
        else if (what === "key") {
          outputs.push({
            topic: "quiet.v1",
            key: record.key,
            value: record.data,
            from: record,
            headers: { a: "b" },
            partition: 1,
            timestamp: 5,
          });
        }
        if (say !== "") outputs.push(say.toUpperCase() + settings.mark);
      }
      return outputs;
    });
    ctx.route("POST", "/shout/:who", async (request, { who }) => {
      if (who === "nobody") throw new Error("nobody hears");
      return new Response(`${who}: ${(await request.text()).toUpperCase()}`, {
        status: 201,
        headers: { "x-method": request.method, "x-url": request.url },
      });
    });
    return {
      start() {
        started = true;
        ctx.log.info("It started.", { token: settings.token, settings: JSON.stringify(settings) });
      },
      drain: () => ctx.log.info("It drained."),
      stop: () => ctx.log.info("It stopped."),
      lost: () => ["a whisper"],
      health: () => ({ status: started ? "ok" : "failed", figures: { partitions: partitions.length } }),
    };
  },
} satisfies Plugin<typeof config>;
