/**
 * Changes of tasks as one numbered feed over all gateways that share a store: a stream that breaks goes on where it was, at
 * whichever gateway answers. Nothing is written while nobody listens.
 */
import type { StateStore } from "./state/state-store.ts";
import type { TaskEntry } from "./task-index.ts";
import type { Tracker } from "./tracker.ts";

export interface TaskFeedOptions {
  readonly state: StateStore;
  readonly tracker: Tracker;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Somebody who follows. */
export interface Follower {
  /** Id of the last change seen; undefined for someone new, who sees what comes from now on. */
  readonly after: number | undefined;
  /** A change; one and the same may come twice, from two gateways that noticed it. */
  readonly onChange: (id: number, entry: TaskEntry) => void;
  /** The feed does not go back as far as `after`, or everything before this is unknown. */
  readonly onGap: (id: number) => void;
}

const TOPIC = "tasks";
/** Changes that a broken stream can catch up with. */
const KEEP = 10_000;
const PAGE = 500;
/** Where it stands that somebody listens, at any gateway. */
const KIND = "task-feed";
const KEY = "listeners";
/** How long a stream may be broken and still find all that happened. */
const HEARD_MS = 600_000;
const REFRESH_MS = 60_000;
/** How soon other gateways learn that somebody listens. */
const LOOK_MS = 2000;

export class TaskFeed {
  readonly #options: TaskFeedOptions;
  #followers = 0;
  #stopListening: (() => void) | undefined;
  #presence: NodeJS.Timeout | undefined;
  #isHeard = false;
  #lookedAtMs = 0;

  constructor(options: TaskFeedOptions) {
    this.#options = options;
  }

  /** Whether anybody is told of changes, here or at another gateway. */
  get isFollowed(): boolean {
    if (this.#followers > 0) return true;
    if (Date.now() - this.#lookedAtMs >= LOOK_MS) this.#look();
    return this.#isHeard;
  }

  /** A task was accepted here. Costs nothing while nobody listens anywhere. */
  announce(entry: TaskEntry): void {
    // With followers of its own the gateway hears of it from the tracker.
    if (this.#followers === 0 && this.isFollowed) this.#append(entry);
  }

  #look(): void {
    this.#lookedAtMs = Date.now();
    this.#options.state.records.get(KIND, KEY).then(
      (record) => {
        this.#isHeard = record !== undefined;
      },
      (error: unknown) => this.#options.onWarning("The store does not say who follows tasks", error),
    );
  }

  #append(entry: TaskEntry): void {
    this.#options.state.feed
      .append(TOPIC, JSON.stringify(entry), KEEP)
      .catch((error: unknown) => this.#options.onWarning("A change of a task could not be told", error));
  }

  /** Resolves once everything that happens from now on will be told. Returns how to stop. */
  async follow(follower: Follower): Promise<() => void> {
    await this.#begin();
    const { feed } = this.#options.state;
    const newest = await feed.newest(TOPIC).catch((error: unknown) => {
      this.#end();
      throw error;
    });
    // A store that was emptied counts from the start again.
    const isGone = follower.after !== undefined && follower.after > newest;
    let last = follower.after === undefined || isGone ? newest : follower.after;
    let isStopped = false;
    let isReading = false;
    let hasNews = true;
    if (follower.after === undefined || isGone) follower.onGap(newest);

    const read = async (): Promise<void> => {
      while (hasNews && !isStopped) {
        hasNews = false;
        const entries = await feed.read(TOPIC, { after: last, limit: PAGE });
        const [first] = entries;
        if (first !== undefined && last > 0 && first.id > last + 1) follower.onGap(first.id - 1);
        for (const { id, value } of entries) {
          if (isStopped) return;
          last = id;
          this.#tell(follower, id, value);
        }
        if (entries.length === PAGE) hasNews = true;
      }
    };
    const wake = (): void => {
      hasNews = true;
      if (isReading) return;
      isReading = true;
      void read()
        .catch((error: unknown) => this.#options.onWarning("Changes of tasks cannot be read", error))
        .then(() => {
          isReading = false;
        });
    };
    const unwatch = feed.watch(TOPIC, wake);
    wake();
    return () => {
      if (isStopped) return;
      isStopped = true;
      unwatch();
      this.#end();
    };
  }

  #tell({ onChange }: Follower, id: number, value: string): void {
    const entry = JSON.parse(value) as TaskEntry;
    // Accepted at another gateway, perhaps: its end shall be noticed here.
    this.#options.tracker.watch(entry);
    onChange(id, entry);
  }

  async #begin(): Promise<void> {
    this.#followers += 1;
    if (this.#followers > 1) return;
    this.#stopListening = this.#options.tracker.listen((entry) => this.#append(entry));
    this.#presence = setInterval(() => void this.#sayPresent(), REFRESH_MS);
    this.#presence.unref();
    await this.#sayPresent();
  }

  async #sayPresent(): Promise<void> {
    try {
      await this.#options.state.records.put(KIND, KEY, "{}", { expiresAtMs: Date.now() + HEARD_MS });
    } catch (error) {
      this.#options.onWarning("Other gateways cannot be told that somebody follows tasks", error);
    }
  }

  #end(): void {
    this.#followers -= 1;
    if (this.#followers > 0) return;
    this.#stopListening?.();
    clearInterval(this.#presence);
    // Who listened a moment ago may come back, here or elsewhere.
    this.#isHeard = true;
    this.#lookedAtMs = Date.now();
  }

  close(): void {
    this.#stopListening?.();
    clearInterval(this.#presence);
  }
}
