/** Notices when the broker has forgotten everything: a Redis without persistence that was restarted, or was flushed. */
import type { App } from "../../app/index.ts";
import type { StateStore } from "../state/state-store.ts";

export interface BrokerWatchOptions {
  readonly app: App;
  readonly state: StateStore;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** What is known of the broker's memory. */
interface BrokerRecord {
  /** What the broker calls its present life. */
  readonly epoch: string;
  /** When it was last found in this life. Milliseconds since 1970. */
  readonly seenAtMs: number;
  /** Tasks accepted before this are gone, unless somebody has them already; null as long as nothing was lost. */
  readonly lostBeforeMs: number | null;
}

const KIND = "broker";
const KEY = "epoch";
const LOOK_MS = 5000;
/** A server tells in whole seconds how long it has been up, and may be a second off. */
const WHOLE_SECONDS_MS = 1500;

export class BrokerWatch {
  readonly #options: BrokerWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lostBeforeMs: number | null = null;

  constructor(options: BrokerWatchOptions) {
    this.#options = options;
  }

  /** Tasks accepted before this were with a broker that has forgotten them; null when it forgot nothing. */
  get lostBeforeMs(): number | null {
    return this.#lostBeforeMs;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
    this.#look();
  }

  #look(): void {
    // A broker that does not answer is others' business to tell.
    this.#looking ??= this.#compare()
      .catch(() => undefined)
      .then(() => {
        this.#looking = undefined;
      });
  }

  async #compare(): Promise<void> {
    const { app, state, onWarning } = this.#options;
    const connection = await app.connection();
    const epoch = await connection.epoch();
    if (epoch === undefined) return;
    const nowMs = Date.now();
    const found = await state.records.get(KIND, KEY);
    const known = found === undefined ? undefined : (JSON.parse(found.value) as BrokerRecord);
    const isNews = known !== undefined && known.epoch !== epoch.id;
    // A server that was started anew was so before we were connected; one that was flushed lost what was there when last seen.
    const newLifeAtMs = Math.min((epoch.bornAtMs ?? 0) + WHOLE_SECONDS_MS, connection.connectedAtMs);
    const lostBeforeMs = isNews ? Math.max(known.seenAtMs, newLifeAtMs) : (known?.lostBeforeMs ?? null);
    const record: BrokerRecord = { epoch: epoch.id, seenAtMs: nowMs, lostBeforeMs };
    // Of several gateways that notice one is first, and the others find its record the next time.
    const isFirst = await state.records.put(KIND, KEY, JSON.stringify(record), {
      ifVersion: found?.version ?? 0,
    });
    if (isFirst === undefined) return;
    if (isNews) {
      onWarning(
        "The broker has lost what it kept: tasks accepted before it did, and not begun, are reported as LOST. See appendonly and maxmemory-policy of Redis",
      );
    }
    this.#lostBeforeMs = lostBeforeMs;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }
}
