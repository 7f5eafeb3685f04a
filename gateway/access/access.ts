/** Asks every request who sends it, before its route runs. */
import type { IncomingMessage } from "node:http";
import { type Awaitable, andThen } from "../../codecs/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import type { Exchange } from "../exchange.ts";
import { isSameOrigin } from "../host-guard.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { ApiKeys } from "./api-keys.ts";
import type { Caller, Scope } from "./caller.ts";
import { CredentialCache } from "./credential-cache.ts";
import { Failures } from "./failures.ts";
import { type AccessParts, type Attempt, Identifier, isBasicPath, type Verdict } from "./identify.ts";
import { isKeyId } from "./key-text.ts";
import type { AccessOptions } from "./options.ts";
import { QuotaKeeper } from "./quotas.ts";
import { isSigned } from "./signed-request.ts";
import { Tenants } from "./tenants.ts";

/** Wrong credentials from one address in a minute. */
const DEFAULT_FAILURES = 30;

export class Access {
  readonly apiKeys: ApiKeys;
  /** Of the URL that callers use; undefined: what their Host header says. */
  readonly #publicOrigin: string | undefined;
  readonly #credentials: CredentialCache;
  readonly #identifier: Identifier;
  readonly #failures: Failures;
  readonly #quotas: QuotaKeeper;

  /** Throws ConfigurationError for options that make no sense. */
  constructor(options: AccessOptions, parts: AccessParts) {
    const { failuresPerMinute = DEFAULT_FAILURES } = options;
    const { state } = parts;
    const tenants = new Tenants(options.tenants);
    this.#publicOrigin = originOf(options.publicUrl);
    this.#credentials = new CredentialCache(state, tenants);
    this.apiKeys = new ApiKeys(state, (id) => this.#credentials.forget(id));
    this.#identifier = new Identifier(options, {
      ...parts,
      tenants,
      credentials: this.#credentials,
      publicOrigin: this.#publicOrigin,
    });
    this.#failures = new Failures(failuresPerMinute);
    this.#quotas = new QuotaKeeper(state.counters);
  }

  /**
   * Sets the exchange's caller; at once when the credential was seen a moment ago. Throws Problem `unauthenticated`,
   * `bad-signature`, `stale-signature`, `insufficient-scope`, `quota-exceeded`, `abnormal-usage-detected` and `forbidden-origin`, and StateError.
   */
  admit(exchange: Exchange, { access = "admin" }: Route): Awaitable<void> {
    if (access === "public") return undefined;
    this.#requireOwnOrigin(exchange);
    return andThen(this.#identify(exchange), (caller) => {
      exchange.caller = caller;
      const counting = caller.quotas === undefined ? undefined : this.#quotas.admit(exchange, caller);
      return andThen(counting, () => (access === "known" ? undefined : requireScope(caller, access)));
    });
  }

  /** For answers that go on for long: false when the caller's credential has ended since. */
  async isStillValid({ id, expiresAtMs = Number.POSITIVE_INFINITY }: Caller): Promise<boolean> {
    if (Date.now() >= expiresAtMs) return false;
    return !isKeyId(id) || (await this.#credentials.get(id)) !== undefined;
  }

  /** A page of another site may make a browser send what it holds for this one: a password, a client certificate. */
  #requireOwnOrigin({ req }: Exchange): void {
    const { origin, host } = req.headers;
    if (origin === undefined || isSameOrigin(origin, host)) return;
    if (origin !== this.#publicOrigin) throw new Problem("forbidden-origin");
  }

  #identify(exchange: Exchange): Awaitable<Caller> {
    const nowMs = Date.now();
    const address = exchange.req.socket.remoteAddress ?? "";
    const attempt = { exchange, nowMs, address, blockedMs: this.#failures.blockedMs(address, nowMs) };
    return andThen(this.#identifier.judge(attempt), (verdict) => this.#accept(attempt, verdict));
  }

  #accept(attempt: Attempt, verdict: Verdict): Caller {
    if (typeof verdict === "object") return verdict;
    const { exchange, nowMs, address, blockedMs } = attempt;
    if (hasCredential(exchange.req)) this.#failures.note(address, nowMs);
    if (blockedMs > 0) {
      throw new Problem("abnormal-usage-detected", {
        headers: { "retry-after": String(Math.ceil(blockedMs / 1000)) },
      });
    }
    throw new Problem(verdict, { headers: { "www-authenticate": challengeOf(exchange) } });
  }
}

function hasCredential(req: IncomingMessage): boolean {
  return req.headers.authorization !== undefined || isSigned(req);
}

function requireScope(caller: Caller, scope: Scope): void {
  if (caller.has(scope)) return;
  throw new Problem("insufficient-scope", {
    detail: `This needs the scope ${scope}.`,
    headers: { "www-authenticate": `Bearer realm="celerity", error="insufficient_scope", scope="${scope}"` },
  });
}

function originOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  if (URL.canParse(url) && /^https?:/i.test(url)) return new URL(url).origin;
  throw new ConfigurationError("access.publicUrl must be a URL such as https://tasks.example.com.");
}

/** The same for every failure. */
function challengeOf(exchange: Exchange): string {
  const bearer = 'Bearer realm="celerity"';
  return isBasicPath(exchange) ? `Basic realm="celerity", charset="UTF-8", ${bearer}` : bearer;
}
