/** Server-sent events: one open answer per listener, kept alive by comments, ended by close(). */
import type { Caller } from "./access/caller.ts";
import { Budget } from "./budget.ts";
import type { Exchange } from "./exchange.ts";

/** What a browser waits before it connects again. */
const RETRY_MS = 2000;
/** Bytes that a slow reader may leave unread before it is cut off; it resumes when it connects again. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/**
 * Id of the event that ends a stream, above all others: who connects again with it has seen everything, and gets 204,
 * which tells a browser to stay away.
 */
export const END_ID: number = Number.MAX_SAFE_INTEGER;

/** One open stream. */
export interface EventStream {
  /** Sends an event with this id, or the next one. */
  send(event: string, data: string, id?: number): void;
  /** Sends a last event and ends the answer. */
  end(event: string, data: string): void;
}

export interface StreamOptions {
  readonly limit: number;
  readonly heartbeatMs: number;
  /** Asked every other second about whoever has a stream open. Default: everybody is. */
  readonly isWelcome?: ((caller: Caller) => Promise<boolean>) | undefined;
}

/** A credential that was revoked ends within 5 seconds, of which 3 may pass until it is looked up again. */
const CHECK_MS = 1500;

export class EventStreams {
  readonly #budget: Budget;
  readonly #open = new Set<Exchange>();
  readonly #heartbeatMs: number;
  readonly #isWelcome: StreamOptions["isWelcome"];
  #heartbeat: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;

  constructor({ limit, heartbeatMs, isWelcome }: StreamOptions) {
    this.#isWelcome = isWelcome;
    this.#budget = new Budget("event streams", limit);
    this.#heartbeatMs = heartbeatMs;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Starts the answer. Ids go on after the Last-Event-ID of the request. Throws Problem `temporary-reduced-capacity`. */
  open(exchange: Exchange): EventStream {
    this.#budget.take();
    this.#open.add(exchange);
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#heartbeatMs).unref();
    if (this.#isWelcome !== undefined) this.#check ??= setInterval(() => this.#showOut(), CHECK_MS).unref();
    exchange.onClose(() => {
      this.#open.delete(exchange);
      this.#budget.give();
    });
    const { res } = exchange;
    exchange.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // For nginx, which would hold the events back.
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
    res.write(`retry: ${RETRY_MS}\n\n`);
    // A HEAD request has its answer now.
    if (exchange.req.method === "HEAD") res.end();
    let lastId = lastEventId(exchange);
    return {
      send(event, data, id) {
        lastId = id ?? lastId + 1;
        write(exchange, toText(lastId, event, data));
      },
      end(event, data) {
        write(exchange, toText(END_ID, event, data));
        res.end();
      },
    };
  }

  /** Ends the streams of those who are not welcome any more; as long as nobody can say, they stay. */
  #showOut(): void {
    for (const { caller, res } of [...this.#open]) {
      this.#isWelcome?.(caller).then(
        (isWelcome) => {
          if (!isWelcome) res.end();
        },
        () => undefined,
      );
    }
  }

  #beat(): void {
    for (const exchange of [...this.#open]) write(exchange, ": heartbeat\n\n");
  }

  /** Ends all streams; browsers connect again, to whoever answers then. */
  close(): void {
    clearInterval(this.#heartbeat);
    clearInterval(this.#check);
    for (const { res } of [...this.#open]) res.end();
  }
}

/** The id that a reader has seen last; 0 when it says nothing usable. */
export function lastEventId({ req }: Exchange): number {
  const id = Number(req.headers["last-event-id"] ?? 0);
  return Number.isSafeInteger(id) && id > 0 ? id : 0;
}

function write({ res }: Exchange, text: string): void {
  if (res.writableEnded || res.destroyed) return;
  if (res.writableLength > MAX_UNREAD_BYTES) res.destroy();
  else res.write(text);
}

/** JSON has no bare line breaks, so the data is one line. */
function toText(id: number, event: string, data: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}
