/**
 * `redis://`, `rediss://`, `redis+socket://` and `sentinel://` brokers. Queues are kombu's, so Python workers and producers
 * share them; claiming, leases and wake-ups are our own and lose nothing where kombu does (docs/transports/redis.md).
 */
import { parseRedisUrl } from "../stores/redis.ts";
import type { Binding } from "./queue-store.ts";
import { readLayout } from "./redis/layout.ts";
import { ClaimLedger } from "./redis/ledger.ts";
import { openRedisStore, REDIS_CAPABILITIES } from "./redis/store.ts";
import type { Transport, TransportFactory, TransportOptions } from "./transport.ts";
import { createVirtualTransport } from "./virtual.ts";

/** Makes the driver; connections made from one transport share what the process holds. */
const createRedisTransport: TransportFactory = (options: TransportOptions): Transport => {
  const target = parseRedisUrl(options.url, options.transportOptions);
  const layout = readLayout(options.transportOptions, target.database);
  const ledger = new ClaimLedger();
  const bindings = new Map<string, Binding>();
  const { onWarning } = options;
  return createVirtualTransport({
    name: "redis",
    capabilities: REDIS_CAPABILITIES,
    open: ({ timeoutMs }) => openRedisStore({ target, layout, ledger, bindings, onWarning, timeoutMs }),
    onWarning,
  });
};

export default createRedisTransport;
