/** The registered endpoints of all tenants. */
import { Problem } from "../problems.ts";
import type { StateStore } from "../state/state-store.ts";
import { type Endpoint, isEndpointName, type Subscriber, toSubscriber } from "./endpoint.ts";
import { CHANGES, ENDPOINTS, tenantPrefix } from "./places.ts";

/** An endpoint, and the version of its record. */
export interface KnownEndpoint {
  readonly endpoint: Endpoint;
  readonly version: number;
}

export interface EndpointPage {
  readonly endpoints: readonly Endpoint[];
  /** The last name, when there are more. */
  readonly next: string | undefined;
}

/** Changes of one endpoint that may come between reading and writing it. */
const MAX_RACES = 10;
const NOBODY: readonly Subscriber[] = [];
const PAGE = 500;
/** Endpoints of all tenants that are looked through for subscribers. */
const MAX_SUBSCRIBERS = 10_000;

export class EndpointBook {
  readonly #state: StateStore;
  readonly #onWarning: (message: string, error?: unknown) => void;
  /** By the prefix of their tenant. */
  #subscribers: ReadonlyMap<string, readonly Subscriber[]> = new Map();
  #unwatch: (() => void) | undefined;

  constructor(state: StateStore, onWarning: (message: string, error?: unknown) => void) {
    this.#state = state;
    this.#onWarning = onWarning;
  }

  /** Learns of subscribers, and of changes by other gateways from now on. */
  async start(): Promise<void> {
    this.#unwatch ??= this.#state.feed.watch(CHANGES, () => {
      this.#refresh().catch((error: unknown) => {
        this.#onWarning("Endpoints of webhooks cannot be read", error);
      });
    });
    await this.#refresh();
  }

  stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Of a tenant; asked for every task that is accepted. */
  subscribers(tenant: string | undefined): readonly Subscriber[] {
    // No tenant has one, nearly always.
    if (this.#subscribers.size === 0) return NOBODY;
    return this.#subscribers.get(tenantPrefix(tenant)) ?? NOBODY;
  }

  async find(prefix: string, name: string): Promise<KnownEndpoint | undefined> {
    if (!isEndpointName(name)) return undefined;
    const record = await this.#state.records.get(ENDPOINTS, prefix + name);
    return record === undefined
      ? undefined
      : { endpoint: readEndpoint(record.value), version: record.version };
  }

  /** Throws Problem `unknown-endpoint`. */
  async get(tenant: string | undefined, name: string): Promise<Endpoint> {
    const known = await this.find(tenantPrefix(tenant), name);
    if (known === undefined) throw new Problem("unknown-endpoint");
    return known.endpoint;
  }

  async list(tenant: string | undefined, after: string | undefined, limit: number): Promise<EndpointPage> {
    const prefix = tenantPrefix(tenant);
    const records = await this.#state.records.list(ENDPOINTS, {
      prefix,
      limit: limit + 1,
      ...(after === undefined ? {} : { after: prefix + after }),
    });
    const endpoints = records.slice(0, limit).map(({ value }) => readEndpoint(value));
    return { endpoints, next: records.length > limit ? endpoints.at(-1)?.name : undefined };
  }

  /**
   * Writes what `change` makes of an endpoint; undefined for none there and for none to be written. It is asked again when
   * somebody else was quicker.
   */
  async change(
    prefix: string,
    name: string,
    change: (now: Endpoint | undefined) => Endpoint | undefined,
  ): Promise<Endpoint | undefined> {
    for (let race = 0; race < MAX_RACES; race += 1) {
      const known = await this.find(prefix, name);
      const next = change(known?.endpoint);
      if (next === undefined || next === known?.endpoint) return next;
      const ifVersion = known?.version ?? 0;
      const put = await this.#state.records.put(ENDPOINTS, prefix + name, JSON.stringify(next), {
        ifVersion,
      });
      if (put === undefined) continue;
      if (isFelt(known?.endpoint, next)) await this.#tell();
      return next;
    }
    throw new Problem("temporary-reduced-capacity");
  }

  /** Throws Problem `unknown-endpoint`. */
  async remove(tenant: string | undefined, name: string): Promise<void> {
    const key = tenantPrefix(tenant) + name;
    if (!isEndpointName(name) || !(await this.#state.records.delete(ENDPOINTS, key)))
      throw new Problem("unknown-endpoint");
    await this.#tell();
  }

  /** How many a tenant has, counted up to a limit. */
  async count(tenant: string | undefined, limit: number): Promise<number> {
    return (await this.#state.records.list(ENDPOINTS, { prefix: tenantPrefix(tenant), limit })).length;
  }

  async #tell(): Promise<void> {
    await this.#state.feed.append(CHANGES, "", 1);
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    const found = new Map<string, Subscriber[]>();
    let after: string | undefined;
    for (let read = 0; read < MAX_SUBSCRIBERS; read += PAGE) {
      const records = await this.#state.records.list(ENDPOINTS, {
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { key, value } of records) {
        const endpoint = readEndpoint(value);
        const subscriber = toSubscriber(endpoint);
        if (subscriber === undefined) continue;
        const prefix = key.slice(0, key.length - endpoint.name.length);
        found.set(prefix, [...(found.get(prefix) ?? []), subscriber]);
      }
      after = records.at(-1)?.key;
      if (records.length < PAGE) break;
    }
    this.#subscribers = found;
  }
}

/** Whether a change is more than a note that deliveries fail, which comes and goes. */
function isFelt(before: Endpoint | undefined, after: Endpoint): boolean {
  return (
    JSON.stringify({ ...before, failingSinceMs: null }) !== JSON.stringify({ ...after, failingSinceMs: null })
  );
}

function readEndpoint(text: string): Endpoint {
  return JSON.parse(text) as Endpoint; // What stands there, this file wrote.
}
