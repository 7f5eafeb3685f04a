/**
 * CLIENT TRACKING: who read a key is told once when it changes, on its own connection (RESP3) or on one that listens to
 * `__redis__:invalidate` (REDIRECT). Keys of all databases count as one, as in tracking.c of Redis.
 */
import { NO_LIST, Push, type Reply } from "./resp/replies.ts";
import type { Session } from "./session.ts";

export const INVALIDATE_CHANNEL = "__redis__:invalidate";
/** Keys that are remembered; beyond that the oldest is taken for changed. */
const MAX_KEYS = 100_000;

export interface TrackingMode {
  /** The client that is told; undefined: the one that reads. */
  readonly redirect: number | undefined;
  /** Remember what follows CLIENT CACHING YES only; or all but what follows CLIENT CACHING NO. */
  readonly only: "OPTIN" | "OPTOUT" | undefined;
  readonly noLoop: boolean;
  /** BCAST: told of every key with one of these beginnings, read or not. */
  readonly prefixes: readonly string[] | undefined;
  /** What CLIENT CACHING said about the next command. */
  caching: "YES" | "NO" | undefined;
}

interface Change {
  readonly key: string;
  readonly by: Session | undefined;
}

export class Tracking {
  readonly #readers = new Map<string, Set<number>>();
  readonly #broadcast = new Set<Session>();
  readonly #sessions: ReadonlyMap<number, Session>;
  #changes: Change[] = [];

  constructor(sessions: ReadonlyMap<number, Session>) {
    this.#sessions = sessions;
  }

  set(session: Session, mode: TrackingMode | undefined): void {
    session.tracking = mode;
    if (mode?.prefixes === undefined) this.#broadcast.delete(session);
    else this.#broadcast.add(session);
  }

  /** A client has read keys. */
  onRead(session: Session, keys: readonly string[]): void {
    const { tracking } = session;
    if (tracking === undefined || tracking.prefixes !== undefined) return;
    if (tracking.only === "OPTIN" && tracking.caching !== "YES") return;
    if (tracking.only === "OPTOUT" && tracking.caching === "NO") return;
    for (const key of keys) this.#remember(key, session.id);
  }

  #remember(key: string, reader: number): void {
    const readers = this.#readers.get(key) ?? new Set();
    this.#readers.set(key, readers.add(reader));
    if (this.#readers.size <= MAX_KEYS) return;
    const [oldest] = this.#readers.keys();
    if (oldest !== undefined) this.onChanged(oldest, undefined);
  }

  /** A key has changed; nobody is told before {@link tell}. */
  onChanged(key: string, by: Session | undefined): void {
    if (this.#readers.size > 0 || this.#broadcast.size > 0) this.#changes.push({ key, by });
  }

  /** Everything has changed: FLUSHALL, FLUSHDB. */
  onFlushed(): void {
    this.#readers.clear();
    this.#changes = [];
    for (const session of this.#sessions.values()) {
      if (session.tracking !== undefined) this.#invalidate(session, null);
    }
  }

  tell(): void {
    const changes = this.#changes;
    this.#changes = [];
    for (const { key, by } of changes) {
      const readers = this.#readers.get(key) ?? [];
      this.#readers.delete(key);
      for (const id of readers) {
        const session = this.#sessions.get(id);
        if (session?.tracking !== undefined && session.tracking.prefixes === undefined)
          this.#tellOne(session, session.tracking, key, by);
      }
    }
    for (const session of this.#broadcast) {
      const prefixes = session.tracking?.prefixes ?? [];
      for (const { key, by } of changes) {
        const isWanted = prefixes.length === 0 || prefixes.some((prefix) => key.startsWith(prefix));
        if (isWanted && session.tracking) this.#tellOne(session, session.tracking, key, by);
      }
    }
  }

  #tellOne(session: Session, mode: TrackingMode, key: string, by: Session | undefined): void {
    if (!(mode.noLoop && by === session)) this.#invalidate(session, [key]);
  }

  #invalidate(session: Session, keys: Reply): void {
    const redirect = session.tracking?.redirect;
    const target = redirect === undefined ? session : this.#sessions.get(redirect);
    if (target === undefined) {
      if (session.protocol === 3) session.send(new Push(["tracking-redir-broken", redirect ?? 0]));
    } else if (target.protocol === 3) target.send(new Push(["invalidate", keys]));
    else if (target !== session && target.subscriptions > 0)
      target.send(new Push(["message", INVALIDATE_CHANNEL, keys ?? NO_LIST]));
  }
}
