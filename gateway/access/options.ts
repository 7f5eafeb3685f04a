/** How a gateway asks its callers who they are. */
import type { JwtOptions } from "./jwt.ts";
import type { Policy } from "./policy.ts";
import type { TenantOptions } from "./tenants.ts";

/** Somebody who logs in to Flower's API with a password. */
export interface BasicUser {
  readonly name: string;
  readonly password: string;
  readonly policy?: Policy;
}

/** Present: nobody calls without a credential. API keys are those of the state (`celerity api-keys`). */
export interface AccessOptions {
  /** Take JSON Web Tokens, too. */
  readonly jwt?: JwtOptions;
  /** Passwords for HTTP Basic, which only Flower's API under /api takes; API keys are taken there, too. */
  readonly users?: readonly BasicUser[];
  /** By name. Tenants that need nothing of their own need not be here. */
  readonly tenants?: Readonly<Record<string, TenantOptions>>;
  /** The URL that callers use, when a proxy stands before the gateway: signatures cover it, and its pages may call. */
  readonly publicUrl?: string;
  /** Wrong credentials from one address in a minute before it has to wait. Default 30; 0: no limit. */
  readonly failuresPerMinute?: number;
}
