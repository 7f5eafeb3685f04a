/** A database on a real Redis, and stores in it that behave like processes of their own. */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { openRedis, parseRedisUrl } from "../../stores/redis.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import type { QueueStorePlace } from "../../testing/queue-store.ts";
import type { Binding, QueueStore } from "../../transports/queue-store.ts";
import { readLayout } from "../../transports/redis/layout.ts";
import { ClaimLedger } from "../../transports/redis/ledger.ts";
import { openRedisStore, type RedisStoreOptions } from "../../transports/redis/store.ts";
import { redisUrl } from "../helpers/services.ts";

type TransportOptions = Readonly<Record<string, unknown>>;

/** One process: its stores are lives of one connection. */
export interface RedisProcess {
  readonly ledger: ClaimLedger;
  /** Everything it warned of. */
  readonly warnings: string[];
  open(): Promise<QueueStore>;
  /** CLIENT KILL of all its connections; resolves when they are gone. */
  cut(): Promise<void>;
}

export interface RedisPlace extends QueueStorePlace {
  readonly url: string;
  /** A connection of the test's own. */
  readonly admin: Redis;
  /** With the ledger of another, its connections belong to the same process; `through` is another way to the server. */
  process(options?: TransportOptions, ledger?: ClaimLedger, through?: string): RedisProcess;
  abandon(store: QueueStore): Promise<void>;
}

/** Short enough for tests, long enough for a busy machine. */
const LEASE_MS = 2000;

/** `at` is a server of the caller's own; the default is an empty database of the shared one. */
export async function redisPlace(at?: string): Promise<RedisPlace> {
  const url = at ?? (await redisUrl());
  const admin = await adminOf(url);
  const owners = new Map<QueueStore, RedisProcess>();

  const createProcess = (
    options: TransportOptions = {},
    ledger = new ClaimLedger(),
    through = url,
  ): RedisProcess => {
    const clientName = `test-${randomUUID()}`;
    const transportOptions = { leaseMs: LEASE_MS, clientName, ...options };
    const target = parseRedisUrl(through, transportOptions);
    const layout = readLayout(transportOptions, target.database);
    const bindings = new Map<string, Binding>();
    const warnings: string[] = [];
    const onWarning = (message: string, error?: unknown): void => {
      warnings.push(error === undefined ? message : `${message}: ${error}`);
    };
    const shared: RedisStoreOptions = { target, layout, ledger, bindings, onWarning };
    const owner: RedisProcess = {
      ledger,
      warnings,
      async open() {
        const store = await openRedisStore({ ...shared, timeoutMs: 5000 });
        cleanUp(() => store.close());
        owners.set(store, owner);
        return store;
      },
      cut: () => killClients(admin, clientName),
    };
    return owner;
  };

  return {
    url,
    admin,
    process: createProcess,
    open: () => createProcess().open(),
    async abandon(store) {
      await owners.get(store)?.cut();
      await store.ended;
    },
  };
}

async function adminOf(url: string): Promise<Redis> {
  const { client } = await openRedis(parseRedisUrl(url), { timeoutMs: 5000, role: "broker" });
  cleanUp(async () => client.disconnect());
  return client;
}

/** CLIENT KILL of all connections with a name. */
export async function killClients(admin: Redis, name: string): Promise<void> {
  const list = String(await admin.client("LIST"));
  for (const line of list.split("\n")) {
    const id = / name=(\S*)/.exec(line)?.[1] === name ? /^id=(\d+)/.exec(line)?.[1] : undefined;
    if (id !== undefined) await admin.client("KILL", "ID", id);
  }
}
