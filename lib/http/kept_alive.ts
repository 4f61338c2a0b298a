import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** A class of answers that say for how many seconds the connection may be idle, as node:http's do by its own timers. */
export function keptAlive(seconds: number): typeof ServerResponse {
  const hint = ["Keep-Alive", `timeout=${seconds}`] as const;

  return class KeptAlive<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
    override writeHead(status: number, text?: string | Headers, more?: Headers): this {
      let headers = typeof text === "string" ? more : text ?? more;
      if (this.shouldKeepAlive && !this.hasHeader("Connection")) {
        // What is set beforehand makes node:http set all the others one by one.
        if (Array.isArray(headers) && typeof headers[0] === "string") headers = [...headers, ...hint];
        else this.setHeader(...hint);
      }
      return typeof text === "string"
        ? super.writeHead(status, text, headers)
        : super.writeHead(status, headers);
    }
  };
}
