/**
 * JSON Web Tokens: who calls is what their issuer says. Keys come from the configured place alone; of a token's header only
 * `alg` and `kid` are read, and `kid` only to choose among those keys.
 */
import { hash } from "node:crypto";
import type { JWTPayload } from "jose";
import { ConfigurationError, isPlainObject } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";
import type { Caller, Scope } from "./caller.ts";
import { createKeyFinder, type Jose, KeysUnavailableError } from "./jwks.ts";
import { checkPolicy, type Policy, toCaller } from "./policy.ts";
import { TENANT_PATTERN } from "./schemas.ts";
import { isScope } from "./scopes.ts";
import type { Tenants } from "./tenants.ts";

export interface JwtOptions {
  /** The issuer's keys (a JWKS): an `https:` URL, or a file. */
  readonly jwks: string;
  /** What `iss` must be. */
  readonly issuer: string;
  /** What `aud` must be or hold: the name of this gateway at the issuer. */
  readonly audience: string;
  /** Signature algorithms that are taken; only those with public keys can be. Default: all of these. */
  readonly algorithms?: readonly string[];
  /** Claims that must be there beside `iss`, `aud`, `sub` and `exp`, such as `nbf`. */
  readonly requiredClaims?: readonly string[];
  /** Claims that say the scopes (text with spaces between them, or a list) and the tenant. Default: scope and tenant. */
  readonly scopeClaim?: string;
  readonly tenantClaim?: string;
  /** What all these callers may do. Their scopes are those of the token, as far as `scopes` here has them. */
  readonly policy?: Policy;
  /** How far clocks may differ. Default 30. */
  readonly clockToleranceSeconds?: number;
}

const ALGORITHMS: readonly string[] = [
  ...["EdDSA", "Ed25519", "ES256", "ES384", "ES512"],
  ...["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
];
const TENANT = new RegExp(TENANT_PATTERN);
/** Base64url without padding, as RFC 7515 has it. */
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const PLAIN_SUBJECT = /^[A-Za-z0-9@._|-]{1,128}$/;

/** A token that was right. */
export interface TokenCaller {
  readonly caller: Caller;
  /** Of the client certificate that the token is bound to (RFC 8705). */
  readonly thumbprint: string | undefined;
}

export class JwtVerifier {
  readonly #options: JwtOptions;
  readonly #tenants: Tenants;
  readonly #policy: Policy;
  readonly #algorithms: string[];
  readonly #findKey: ReturnType<typeof createKeyFinder>;
  readonly #onWarning: (message: string, error: unknown) => void;
  #jose: Promise<Jose> | undefined;

  /** Throws ConfigurationError for what makes no sense. */
  constructor(options: JwtOptions, tenants: Tenants, onWarning: (message: string, error: unknown) => void) {
    const { algorithms = ALGORITHMS, jwks, policy = {} } = options;
    const unknown = algorithms.find((name) => !ALGORITHMS.includes(name));
    if (unknown !== undefined || algorithms.length === 0)
      throw new ConfigurationError(
        `Tokens signed with ${unknown} are not taken; algorithms: ${ALGORITHMS.join(", ")}.`,
      );
    if (policy.tenant !== undefined)
      throw new ConfigurationError(
        "The tenant of a token is what its claim says; remove it from the policy.",
      );
    this.#options = options;
    this.#tenants = tenants;
    this.#policy = checkPolicy(policy, "tokens");
    this.#algorithms = [...algorithms];
    this.#findKey = createKeyFinder(jwks);
    this.#onWarning = onWarning;
  }

  /** undefined for a token that is not right, for whatever reason. Throws Problem while the issuer's keys cannot be had. */
  async verify(token: string): Promise<TokenCaller | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const { issuer, audience, requiredClaims = [], clockToleranceSeconds = 30 } = this.#options;
    this.#jose ??= import("jose");
    const jose = await this.#jose;
    try {
      const { payload } = await jose.jwtVerify(token, this.#findKey(jose), {
        issuer,
        audience,
        algorithms: this.#algorithms,
        requiredClaims: ["sub", "exp", ...requiredClaims],
        clockTolerance: clockToleranceSeconds,
      });
      return this.#toCaller(payload);
    } catch (error) {
      if (!(error instanceof KeysUnavailableError)) return undefined;
      this.#onWarning("The keys of the tokens' issuer cannot be had", error.cause);
      throw new Problem("temporary-reduced-capacity", {
        detail: "The keys that tokens are checked with cannot be had now. Try again shortly.",
      });
    }
  }

  #toCaller(payload: JWTPayload): TokenCaller | undefined {
    const { scopeClaim = "scope", tenantClaim = "tenant" } = this.#options;
    const { sub, exp = 0 } = payload;
    const cnf = payload["cnf"];
    const tenant = payload[tenantClaim];
    if (typeof sub !== "string" || sub === "") return undefined;
    if (tenant !== undefined && (typeof tenant !== "string" || !TENANT.test(tenant))) return undefined;
    const scopes = scopesOf(payload[scopeClaim]).filter(
      (scope) => this.#policy.scopes?.includes(scope) ?? true,
    );
    const policy = { ...this.#policy, scopes, ...(tenant === undefined ? {} : { tenant }) };
    const name = PLAIN_SUBJECT.test(sub) ? sub : hash("sha256", sub, "base64url");
    const bound = isPlainObject(cnf) ? cnf["x5t#S256"] : undefined;
    // A binding of another kind cannot be checked here.
    if (cnf !== undefined && typeof bound !== "string") return undefined;
    return {
      caller: { ...toCaller(`jwt:${name}`, policy, this.#tenants), expiresAtMs: exp * 1000 },
      thumbprint: typeof bound === "string" ? bound : undefined,
    };
  }
}

/** A token without the claim has no scopes: its issuer says what it is for. */
function scopesOf(claim: unknown): readonly Scope[] {
  const names: readonly unknown[] =
    typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  return names.filter((name): name is Scope => typeof name === "string" && isScope(name));
}
