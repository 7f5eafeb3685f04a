/** Histories that end with the process. */
import { byTime, eventKey, type HistoryEvent, MAX_EVENTS } from "../event.ts";
import type { EventRetention, EventStore } from "./event-store.ts";

type Events = Map<string, HistoryEvent>;

export function createMemoryEvents(retention: EventRetention): EventStore {
  return new MemoryEvents(retention);
}

class MemoryEvents implements EventStore {
  readonly #retention: EventRetention;
  /** By id, in the order in which they were first heard of. */
  readonly #tasks = new Map<string, Events>();

  constructor(retention: EventRetention) {
    this.#retention = retention;
  }

  async open(): Promise<void> {}

  async add(events: readonly HistoryEvent[]): Promise<readonly HistoryEvent[]> {
    const news = events.filter((event) => this.#add(event));
    if (this.#tasks.size > this.#retention.maxTasks) this.#removeOldest();
    return news;
  }

  #add(event: HistoryEvent): boolean {
    const known: Events = this.#tasks.get(event.taskId) ?? new Map();
    const key = eventKey(event);
    if (known.has(key)) return false;
    const [, second] = known.size < MAX_EVENTS ? [] : [...known.keys()];
    if (second !== undefined) known.delete(second);
    known.set(key, event);
    this.#tasks.set(event.taskId, known);
    return true;
  }

  /** Some more than must go: a Map is slow at finding its oldest key. */
  #removeOldest(): void {
    const { maxTasks } = this.#retention;
    let surplus = this.#tasks.size - Math.floor(maxTasks * 0.95);
    for (const id of this.#tasks.keys()) {
      if (surplus <= 0) return;
      this.#tasks.delete(id);
      surplus -= 1;
    }
  }

  async read(taskId: string): Promise<readonly HistoryEvent[]> {
    return [...(this.#tasks.get(taskId)?.values() ?? [])].sort(byTime);
  }

  async firstTimes(taskIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const times = new Map<string, number>();
    for (const id of taskIds) {
      const events = this.#tasks.get(id)?.values() ?? [];
      const first = Math.min(...[...events].map(({ atMs }) => atMs));
      if (Number.isFinite(first)) times.set(id, first);
    }
    return times;
  }

  /** What was first heard of is the first to be old. */
  async prune(): Promise<boolean> {
    const oldestMs = Date.now() - this.#retention.keepMs;
    for (const [id, events] of this.#tasks) {
      if ([...events.values()].some(({ atMs }) => atMs >= oldestMs)) return false;
      this.#tasks.delete(id);
    }
    return false;
  }

  async close(): Promise<void> {}
}
