/**
 * The one way to call a URL that a stranger named: callbacks of the gateway, tasks that are URLs. It reaches public addresses
 * only, follows no redirect, reads a bounded part of the answer in a bounded time, and tells what came of it as data.
 */
import { ConfigurationError, toError } from "../protocol/index.ts";
import { faultOfHeaders } from "./headers.ts";
import type { EgressMethod, EgressOptions } from "./options.ts";
import { type EgressOutcome, egressFailure } from "./outcome.ts";
import { createUrlPolicy, type UrlPolicy } from "./url-policy.ts";
import type { Wire } from "./wire.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 65_536;

export interface EgressRequest {
  readonly url: string | URL;
  /** Default: GET. */
  readonly method?: EgressMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
  /** Instead of the egress's own limits. */
  readonly timeoutMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** Ends the call with the failure `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

export interface Egress {
  /** Throws a ForbiddenUrlError (`url_forbidden`) for what can be judged without a name server: call it when a URL is registered. */
  check(url: string | URL): void;
  /** Calls a URL, which is judged again, together with every address of its name. Never rejects. */
  request(request: EgressRequest): Promise<EgressOutcome>;
  /** Waits for calls that run. Later ones end as `aborted`. */
  close(): Promise<void>;
}

/** Throws a ConfigurationError for options that cannot be read. */
export function createEgress(options: EgressOptions = {}): Egress {
  const policy = createUrlPolicy(options);
  checkProxy(options);
  let wire: Promise<Wire> | undefined;
  let isClosed = false;
  const ownHeaders = {
    "accept-encoding": "identity",
    ...(options.userAgent === undefined ? {} : { "user-agent": options.userAgent }),
  };
  return {
    check(url) {
      policy.check(url);
    },
    async request({ url, method = "GET", headers = {}, body, timeoutMs, maxBytes, signal }) {
      const fault = faultOfHeaders(headers);
      if (fault !== undefined) return egressFailure("request_invalid", fault);
      let checked: URL;
      try {
        checked = policy.check(url);
      } catch (error) {
        return egressFailure("url_forbidden", toError(error).message);
      }
      if (isClosed) return egressFailure("aborted", "The egress is closed.");
      wire ??= openWire(policy, options);
      return (await wire).exchange({
        url: checked,
        method,
        headers: { ...ownHeaders, ...headers },
        body,
        timeoutMs: timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        maxBytes: maxBytes ?? options.maxBytes ?? DEFAULT_MAX_BYTES,
        signal,
      });
    },
    async close() {
      isClosed = true;
      await (await wire)?.close();
    },
  };
}

/** The HTTP client is a third of what a worker loads: it comes with the first call. */
async function openWire(policy: UrlPolicy, options: EgressOptions): Promise<Wire> {
  return (await import("./wire.ts")).createWire(policy, options);
}

function checkProxy({ proxyUrl }: EgressOptions): void {
  if (proxyUrl === undefined || (/^https?:\/\//.test(proxyUrl) && URL.canParse(proxyUrl))) return;
  throw new ConfigurationError('"proxyUrl" must be a URL that begins with http:// or https://.');
}
