/** The connections of an egress: straight to checked addresses, or through a proxy. */
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { createGuardedConnector } from "./connector.ts";
import type { EgressOptions } from "./options.ts";
import type { UrlPolicy } from "./url-policy.ts";

const DEFAULT_CONNECT_TIMEOUT_MS = 5000;
const DEFAULT_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 16_384;
const KEEP_ALIVE_MS = 4000;

export function createDispatcher(policy: UrlPolicy, options: EgressOptions): Dispatcher {
  const { proxyUrl, ca, lookup, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
  const common = {
    connections: options.connectionsPerHost ?? DEFAULT_CONNECTIONS,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // A call has one clock of its own, from the lookup to the last byte.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxyUrl === undefined) {
    return new Agent({
      ...common,
      connect: createGuardedConnector({ policy, lookup, ca, connectTimeoutMs }),
    });
  }
  return new ProxyAgent({
    ...common,
    uri: proxyUrl,
    proxyTls: { timeout: connectTimeoutMs },
    requestTls: { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) },
  });
}
