/** A body was longer than it may be. */
export class BodyTooLongError extends RangeError {
  override name = "BodyTooLongError";
}

/** A request whose body fails where it is longer than `maxBytes`, whatever its headers say. */
export function limitedBody(request: Request, maxBytes: number): Request {
  if (request.body === null || request.headers.has("content-length")) return request;
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      bytes += part.byteLength;
      if (bytes > maxBytes) controller.error(new BodyTooLongError(`The body is over ${maxBytes} bytes`));
      else controller.enqueue(part);
    },
  });
  // Made from its parts: a copy would take over its signal, which Deno warns of.
  const { url, method, headers } = request;
  return new Request(url, { method, headers, body: request.body.pipeThrough(limit) });
}
