/** Limits of a caller over all gateways, told in every answer (draft-ietf-httpapi-ratelimit-headers-10). */
import { type Awaitable, andThen } from "../../codecs/index.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import type { Counters } from "../state/state-store.ts";
import { type Caller, callerKey } from "./caller.ts";
import { Meter } from "./meter.ts";
import type { QuotaName } from "./policy.ts";

/** Meters kept at most; with one go the portions that it took in advance. */
const MAX_METERS = 10_000;
const NAMES: readonly QuotaName[] = ["requests", "submit", "bytes"];

/** What one request of a limited caller may still take. */
export interface Allowance {
  /** Throws Problem `quota-exceeded`. Nothing is given back, whatever becomes of the request. */
  take(name: QuotaName, amount: number): Awaitable<void>;
  /** Writes what is left into the headers of the answer. */
  tell(exchange: Exchange): void;
}

export class QuotaKeeper {
  readonly #counters: Counters;
  readonly #meters = new Map<string, Meter>();
  /** Of callers that are in use: a credential has one caller for some seconds. */
  readonly #allowances = new WeakMap<Caller, CallerAllowance>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** Counts the request; at once as a rule. Throws Problem `quota-exceeded`. */
  admit(exchange: Exchange, caller: Caller): Awaitable<void> {
    const allowance = this.#allowanceOf(caller);
    return andThen(allowance.look(), () => {
      exchange.allowance = allowance;
      return allowance.take("requests", 1);
    });
  }

  #allowanceOf(caller: Caller): CallerAllowance {
    const known = this.#allowances.get(caller);
    if (known !== undefined) return known;
    const made = new CallerAllowance(NAMES.flatMap((name) => this.#meterOf(caller, name) ?? []));
    this.#allowances.set(caller, made);
    return made;
  }

  #meterOf(caller: Caller, name: QuotaName): Meter | undefined {
    const quota = caller.quotas?.[name];
    if (quota === undefined) return undefined;
    const key = `${callerKey(caller)}:${name}`;
    const known = this.#meters.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#meters.keys();
    if (this.#meters.size >= MAX_METERS && oldest !== undefined) this.#meters.delete(oldest);
    const meter = new Meter({ counters: this.#counters, key: `quota:${key}`, name, quota });
    this.#meters.set(key, meter);
    return meter;
  }
}

/** The quotas of one caller. */
class CallerAllowance implements Allowance {
  readonly #meters: readonly Meter[];
  /** What never changes: the header RateLimit-Policy. */
  readonly #policies: string;

  constructor(meters: readonly Meter[]) {
    this.#meters = meters;
    this.#policies = meters.map(policyOf).join(", ");
  }

  /** Brings the meters up to date, when they are not. */
  look(): Awaitable<unknown> {
    const looking = this.#meters.flatMap((meter) => meter.look() ?? []);
    return looking.length === 0 ? undefined : Promise.all(looking);
  }

  take(name: QuotaName, amount: number): Awaitable<void> {
    const meter = this.#meters.find((one) => one.name === name);
    return meter && andThen(meter.take(amount), (isTaken) => requireTaken(meter, isTaken));
  }

  tell({ headers }: Exchange): void {
    headers["ratelimit-policy"] = this.#policies;
    headers["ratelimit"] = this.#meters.map(leftOf).join(", ");
  }
}

function policyOf({ name, quota }: Meter): string {
  const unit = name === "bytes" ? ';qu="content-bytes"' : "";
  return `"${name}";q=${quota.quota}${unit};w=${quota.window}`;
}

function leftOf(meter: Meter): string {
  return `"${meter.name}";r=${meter.remaining()};t=${meter.resetSeconds()}`;
}

/** Throws Problem `quota-exceeded`. */
function requireTaken(meter: Meter, isTaken: boolean): void {
  if (isTaken) return;
  throw new Problem("quota-exceeded", {
    detail: `The quota "${meter.name}" is used up: ${meter.quota.quota} in ${meter.quota.window} s.`,
    members: { "violated-policies": [meter.name] },
    headers: { "retry-after": String(meter.resetSeconds()) },
  });
}
