import type { Duplex } from "node:stream";
import { latin1 } from "./response_head.ts";
import type { ProxyParts } from "./proxy_parts.ts";
import type { AnswerController } from "./upstream.ts";

/** Two connections that become one. */
export interface TunnelOptions {
  client: Duplex;
  /** What the client sent behind its request. */
  head: Uint8Array;
  upstream: Duplex;
  /** The upstream's answer, passed on as it is. */
  status: number;
  controller: AnswerController;
  parts: Pick<ProxyParts, "underWay" | "ended">;
}

/** Passes bytes both ways until either side ends. Resolves with how many went up and down; never rejects. */
export function tunnel(options: TunnelOptions): Promise<{ up: number; down: number }> {
  const { client, head, upstream, status, controller, parts } = options;
  let up = head.length;
  let down = 0;
  client.write(answerHead(status, controller.rawHeaders), "latin1");
  if (head.length > 0) upstream.write(head);
  client.on("data", (part: Uint8Array) => up += part.length);
  upstream.on("data", (part: Uint8Array) => down += part.length);
  client.pipe(upstream);
  upstream.pipe(client);
  return new Promise((resolve) => {
    const entry = {
      shutDown() {
        client.destroy();
        upstream.destroy();
      },
    };
    let open = 2;
    const closed = (other: Duplex) => {
      // What was already read goes out before the other side is closed, too.
      if (!other.destroyed) other.end(() => other.destroy());
      if (--open > 0) return;
      parts.underWay.tunnels.delete(entry);
      resolve({ up, down });
      parts.ended();
    };
    parts.underWay.tunnels.add(entry);
    for (const [side, other] of [[client, upstream], [upstream, client]] as const) {
      side.on("error", () => {});
      side.once("close", () => closed(other));
    }
  });
}

/** With Connection and Upgrade, which belong to this answer. */
function answerHead(status: number, raw: AnswerController["rawHeaders"]): string {
  let head = `HTTP/1.1 ${status} Switching Protocols\r\n`;
  const headers = Array.isArray(raw) ? raw : [];
  for (let at = 0; at < headers.length; at += 2) {
    head += `${latin1(headers[at]!)}: ${latin1(headers[at + 1]!)}\r\n`;
  }
  return `${head}\r\n`;
}
