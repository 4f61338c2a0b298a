/** Who sends events, as far as it is known. */
export interface Caller {
  /** The tenant its key or listener stands for; absent where it may speak for any. */
  readonly tenant?: string;
  /** The tenant it names in `X-Capstan-Tenant`. */
  readonly named?: string;
}

/** The header in which a caller that may speak for any tenant names one. */
export const TENANT_HEADER = "x-capstan-tenant";
