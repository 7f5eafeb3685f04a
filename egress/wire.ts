/** All of an egress that needs the HTTP client. */
import { createDispatcher } from "./dispatcher.ts";
import { type Exchange, exchange } from "./exchange.ts";
import type { EgressOptions } from "./options.ts";
import type { EgressOutcome } from "./outcome.ts";
import type { UrlPolicy } from "./url-policy.ts";

export interface Wire {
  /** Never rejects. */
  exchange(call: Omit<Exchange, "dispatcher">): Promise<EgressOutcome>;
  /** Waits for calls that run. */
  close(): Promise<void>;
}

export function createWire(policy: UrlPolicy, options: EgressOptions): Wire {
  const dispatcher = createDispatcher(policy, options);
  return { exchange: (call) => exchange({ ...call, dispatcher }), close: () => dispatcher.close() };
}
