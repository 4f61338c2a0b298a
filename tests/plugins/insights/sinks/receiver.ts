/** A post as it came. */
export interface Post {
  path: string;
  body: string;
  headers: Headers;
}

/** A server of webhooks on this machine. */
export interface Receiver extends AsyncDisposable {
  origin: string;
  posts: Post[];
  /** Resolves when so many posts have come. */
  came(count: number): Promise<void>;
}

/** Starts a server that answers each post by what it is; 204 by itself. */
export function receiver(
  answer: (post: Post, count: number) => Response | Promise<Response> = taken,
): Receiver {
  const posts: Post[] = [];
  const waiting: { count: number; resolve(): void }[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const post = {
      path: new URL(request.url).pathname,
      body: await request.text(),
      headers: request.headers,
    };
    posts.push(post);
    const count = posts.length;
    for (const each of waiting) if (count >= each.count) each.resolve();
    return await answer(post, count);
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    posts,
    came(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (posts.length >= count) resolve();
      waiting.push({ count, resolve });
      return promise;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function taken(): Response {
  return new Response(null, { status: 204 });
}
