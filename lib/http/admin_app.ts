import { type Context, Hono } from "hono";
import { type GuardOptions, refusal, type Visitor } from "../access/guard.ts";
import { identify, type IdentifyOptions } from "../access/identify.ts";
import type { RateLimit } from "../access/rate_limit.ts";
import type { Caller, Role } from "../access/caller.ts";
import { may } from "../access/role.ts";
import type { Logger } from "../telemetry/logger.ts";
import { BodyTooLongError, limitedBody } from "./limited_body.ts";

/** Answers a request; `params` are the path's `:names`. */
export type AdminHandler = (
  request: Request,
  params: Readonly<Record<string, string>>,
  caller: Caller,
) => Response | Promise<Response>;

/** One route: `GET`, `/dag/node/:hash`. */
export interface AdminRoute {
  method: string;
  path: string;
  /** What its callers must be allowed. Default: `read` to GET and HEAD, `admin` to everything else. */
  role?: Role;
  /** Answers who may know. */
  handler: AdminHandler;
  /** Answers, instead, who has no token, on a path that is open without one. Default: nobody. */
  brief?: AdminHandler;
}

/** Something a caller did that changed what the agent does, or tried to. */
export interface AdminAction {
  /** `POST /admin/outbox/drain`. */
  action: string;
  /** Name of the caller's token. */
  actor: string;
  /** Status it was answered with. */
  status: number;
}

/** What answers are made with. */
export interface AdminAppOptions {
  readonly routes: readonly AdminRoute[];
  /** Changed once the port is known. */
  readonly guard: GuardOptions;
  readonly identify: IdentifyOptions;
  readonly rate: RateLimit;
  /** Bytes of a request's body at most. */
  readonly maxBody: number;
  readonly log: Logger;
  /** Told of what changes something, by whoever may do everything. */
  onAction?(action: AdminAction): void;
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** The admin listener's routes behind its checks: Host and Origin, who calls, how often, what they may, how much. */
export function adminApp(options: AdminAppOptions): Hono {
  const { guard, rate, maxBody, log, onAction } = options;
  const app = new Hono();
  app.use(async (context, next) => {
    const refused = refusal(guard, visitorOf(context));
    if (refused) return json({ error: refused.error }, refused.status);
    await next();
    context.res.headers.set("x-content-type-options", "nosniff");
  });
  for (const { method, path, role = roleOf(method), handler, brief } of options.routes) {
    app.on(method.toUpperCase(), path, async (context) => {
      const { req } = context;
      const caller = await identify(req.header("authorization"), options.identify);
      const seconds = rate.wait(caller.name);
      if (seconds > 0) return tooOften(seconds);
      if (!may(caller, role)) {
        if (brief) return brief(req.raw, req.param(), caller);
        return caller.name === "" ? unknownCaller() : notAllowed(caller, role);
      }
      if (Number(req.header("content-length") ?? 0) > maxBody) {
        return json({ error: `The body is over ${maxBody} bytes` }, 413);
      }
      const answer = await handler(limitedBody(req.raw, maxBody), req.param(), caller);
      if (role === "admin") {
        onAction?.({ action: `${req.method} ${req.path}`, actor: caller.name, status: answer.status });
      }
      return answer;
    });
  }
  app.notFound(async (context) => {
    const caller = await identify(context.req.header("authorization"), options.identify);
    return caller.name === "" ? unknownCaller() : json({ error: `no such path: ${context.req.path}` }, 404);
  });
  app.onError((error) => {
    if (error instanceof BodyTooLongError) return json({ error: error.message }, 413);
    log.error("An admin request failed.", { error });
    return json({ error: "internal error" }, 500);
  });
  return app;
}

function roleOf(method: string): Role {
  return READING.has(method.toUpperCase()) ? "read" : "admin";
}

function unknownCaller(): Response {
  const error = "A bearer token that holds is needed: Authorization: Bearer …";
  return json({ error }, 401, { "www-authenticate": "Bearer" });
}

function notAllowed({ name, roles }: Caller, role: Role): Response {
  return json({ error: `Token ${name} may ${roles.join(", ") || "do nothing"}; this needs ${role}` }, 403);
}

function tooOften(seconds: number): Response {
  return json({ error: "Too many requests; see Retry-After" }, 429, { "retry-after": String(seconds) });
}

function visitorOf({ req }: Context): Visitor {
  return { method: req.method, header: (name) => req.header(name) };
}

/** A JSON answer. */
export function json(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(value) + "\n", {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}
