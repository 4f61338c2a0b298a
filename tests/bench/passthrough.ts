/** The bar: node:http and undici, forwarding bytes and recording nothing. Takes the upstream's origin, prints its port. */
import { createServer } from "node:http";
import { Pool } from "undici";

const pool = new Pool(Deno.args[0]!, { connections: 256, pipelining: 1 });
const server = createServer((request, response) => {
  const headers = [...request.rawHeaders];
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (/^(host|connection|keep-alive|transfer-encoding)$/i.test(headers[at]!)) headers.splice(at, 2);
  }
  pool.stream(
    {
      path: request.url!,
      method: request.method as "POST",
      headers,
      body: request.method === "GET" || request.method === "HEAD" ? null : request,
    },
    ({ statusCode, headers }) => {
      delete headers["transfer-encoding"];
      delete headers["connection"];
      delete headers["keep-alive"];
      response.writeHead(statusCode, headers);
      return response;
    },
  ).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(`port ${address.port}`);
});
