import { getOrMake } from "./get-or-make.ts";

/** Who waits for news of which topic, in this process. */
export class FeedWatchers {
  readonly #topics = new Map<string, Set<() => void>>();
  /** Topics that were told of and whose listeners are not called yet. */
  readonly #told = new Set<string>();

  get size(): number {
    return this.#topics.size;
  }

  topics(): readonly string[] {
    return [...this.#topics.keys()];
  }

  /** Returns how to stop. */
  add(topic: string, listener: () => void): () => void {
    // A function of its own, so that the same listener may watch twice.
    const watcher = (): void => listener();
    const watchers = getOrMake(this.#topics, topic, () => new Set());
    watchers.add(watcher);
    return () => {
      if (!watchers.delete(watcher) || watchers.size > 0) return;
      if (this.#topics.get(topic) === watchers) this.#topics.delete(topic);
    };
  }

  /** Calls the listeners of a topic at the end of this turn of the event loop, once for all that was told in it. */
  tell(topic: string): void {
    if (!this.#topics.has(topic) || this.#told.has(topic)) return;
    this.#told.add(topic);
    setImmediate(() => {
      this.#told.delete(topic);
      for (const watcher of [...(this.#topics.get(topic) ?? [])]) watcher();
    });
  }

  tellAll(): void {
    for (const topic of this.#topics.keys()) this.tell(topic);
  }

  clear(): void {
    this.#topics.clear();
  }
}
