import { createHash, timingSafeEqual } from "node:crypto";
import { type Caller, TENANT_HEADER } from "./caller.ts";
import { Refusal } from "./refusal.ts";

/** A key and the tenant it stands for. */
export interface TenantKey {
  readonly key: string;
  readonly tenant: string;
}

/** Who callers of a listener are. */
export interface CallersOptions {
  /** The tenant all of them are; keys are not asked for then. */
  readonly tenant?: string;
  /** Keys, one of which each caller must send. */
  readonly keys: readonly TenantKey[];
}

/**
 * Callers of the admin listener, which has let them in already: they are the tenant of their token, or speak for the one
 * they name.
 */
export function trustedCaller(request: Request, tenant: string | undefined): Caller {
  if (tenant !== undefined) return { tenant };
  const named = request.headers.get(TENANT_HEADER)?.trim();
  return named ? { named } : {};
}

/** Callers of a listener of this plugin's own: they are the tenant of the listener, or of the key they send. */
export function tenantCallers({ tenant, keys }: CallersOptions): (request: Request) => Caller {
  if (tenant !== undefined) return () => ({ tenant });
  const known = keys.map(({ key, tenant }) => ({ digest: digest(key), tenant }));
  return (request) => {
    const given = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1]?.trim();
    const sent = digest(given ?? request.headers.get("x-api-key")?.trim() ?? "");
    // All of them are compared, so that the time taken tells nothing.
    const found = known.filter(({ digest }) => timingSafeEqual(digest, sent));
    if (!found[0]) throw new Refusal(401, "Send a key of this listener's: Authorization: Bearer …");
    return { tenant: found[0].tenant };
  };
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
