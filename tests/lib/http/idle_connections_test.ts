import assert from "node:assert/strict";
import { IdleConnections, type LookedAt } from "../../../lib/http/idle_connections.ts";

/** A connection on which so many bytes come between two looks, which are counted. */
function connection({ requests = 0, bytesEachLook = 0 } = {}) {
  let bytes = 0;
  let looks = 0;
  const closed = Promise.withResolvers<number>();
  const socket = {
    get bytesRead() {
      looks++;
      return bytes += bytesEachLook;
    },
    destroy() {
      closed.resolve(looks);
      return socket as never;
    },
  };
  return { socket, requests, closed: closed.promise, looks: () => looks };
}

Deno.test("IdleConnections closes what has been idle for long, and nothing on which something is going on", async () => {
  const idle = connection(), asked = connection({ requests: 1 });
  const sending = connection({ bytesEachLook: 1 });
  const closed: LookedAt[] = [];
  for (const each of [asked, sending]) each.closed.then(() => closed.push(each));
  const connections = new Set<LookedAt>([idle, asked, sending]);
  const looking = new IdleConnections(() => connections, { idleMs: 10, everyMs: 2 });
  looking.start();
  await idle.closed;
  connections.delete(idle);
  const later = connection();
  connections.add(later);
  await later.closed;
  looking.stop();
  assert.deepEqual(closed, []);
});

Deno.test("IdleConnections counts from the last request or byte", async () => {
  const was = { ...connection(), requests: 1 };
  const other = connection();
  const looking = new IdleConnections(() => [was, other], { idleMs: 10, everyMs: 2 });
  looking.start();
  await other.closed;
  was.requests = 0;
  assert.equal(was.looks(), 0);
  await was.closed;
  looking.stop();
  // At the first look, and five times 2 ms later.
  assert.equal(was.looks(), 6);
});
