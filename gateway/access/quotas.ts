/** Limits of a caller over all gateways, told in every answer (draft-ietf-httpapi-ratelimit-headers-10). */
import type { Awaitable } from "../../codecs/index.ts";
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
}

export class QuotaKeeper {
  readonly #counters: Counters;
  readonly #meters = new Map<string, Meter>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** Counts the request, and tells its caller what is left. Throws Problem `quota-exceeded`. */
  async admit(exchange: Exchange, caller: Caller): Promise<void> {
    const meters = NAMES.flatMap((name) => this.#meterOf(caller, name) ?? []);
    await Promise.all(meters.map((meter) => meter.look()));
    writePolicies(exchange, meters);
    const tell = (): void => writeRemaining(exchange, meters);
    tell();
    exchange.allowance = {
      take(name, amount) {
        const meter = meters.find((one) => one.name === name);
        if (meter === undefined) return undefined;
        const taken = meter.take(amount);
        if (taken instanceof Promise) return taken.then((isTaken) => settle(meter, isTaken, tell));
        return settle(meter, taken, tell);
      },
    };
    await exchange.allowance.take("requests", 1);
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

function settle(meter: Meter, isTaken: boolean, tell: () => void): void {
  tell();
  if (isTaken) return;
  throw new Problem("quota-exceeded", {
    detail: `The quota "${meter.name}" is used up: ${meter.quota.quota} in ${meter.quota.window} s.`,
    members: { "violated-policies": [meter.name] },
    headers: { "retry-after": String(meter.resetSeconds()) },
  });
}

/** What never changes for a caller. */
function writePolicies({ res }: Exchange, meters: readonly Meter[]): void {
  const policies = meters.map(({ name, quota }) => {
    const unit = name === "bytes" ? ';qu="content-bytes"' : "";
    return `"${name}";q=${quota.quota}${unit};w=${quota.window}`;
  });
  res.setHeader("ratelimit-policy", policies.join(", "));
}

function writeRemaining({ res }: Exchange, meters: readonly Meter[]): void {
  if (res.headersSent) return;
  const left = meters.map((meter) => `"${meter.name}";r=${meter.remaining()};t=${meter.resetSeconds()}`);
  res.setHeader("ratelimit", left.join(", "));
}
