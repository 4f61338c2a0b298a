import type { Plugin } from "capstan";

const settings = {
  url: { type: "string", pattern: "https?://.+", form: "a URL", doc: "Where turns are posted." },
  secret: { type: "string", secret: true, doc: "Key of the signature." },
  timeout: { type: "duration", default: "10s", doc: "Longest wait for an answer." },
} as const;

export default {
  name: "webhook_sink",
  doc: "Posts turns to a URL, signed.",
  config: settings,
  setup(ctx, { url = "", secret = "", timeout }) {
    const encoder = new TextEncoder();
    const posted = ctx.counter({ name: "posted_total", help: "Turns that were taken." });

    async function signatureOf(body: Uint8Array<ArrayBuffer>): Promise<string> {
      const hmac = { name: "HMAC", hash: "SHA-256" };
      const key = await crypto.subtle.importKey("raw", encoder.encode(secret), hmac, false, ["sign"]);
      return new Uint8Array(await crypto.subtle.sign("HMAC", key, body)).toHex();
    }

    // Throwing has the batch tried again, later each time; after the last attempt it goes to tapes.turns.v1.dlq.
    ctx.stream({ topics: ["tapes.turns.v1"], maxRecords: 100 }, async (batch) => {
      const body = encoder.encode(JSON.stringify(batch.records.map(({ data }) => data)));
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-signature": `sha256=${await signatureOf(body)}`,
        },
        body,
        signal: AbortSignal.any([batch.signal, AbortSignal.timeout(timeout)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`Cannot post turns: ${url} answered ${response.status}`);
      posted.inc({}, batch.records.length);
    });

    return {
      start() {
        if (url === "" || secret === "") throw new Error("Cannot post turns: set url and secret");
      },
    };
  },
} satisfies Plugin<typeof settings>;
