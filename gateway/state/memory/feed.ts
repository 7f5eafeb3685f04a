/** News in this process. */

import { firstFeedId } from "../feed-id.ts";
import { FeedWatchers } from "../feed-watchers.ts";
import { getOrMake } from "../get-or-make.ts";
import type { Feed, FeedEntry } from "../state-store.ts";

export class MemoryFeed implements Feed {
  readonly #topics = new Map<string, FeedEntry[]>();
  readonly #watchers = new FeedWatchers();

  async append(topic: string, value: string, keep: number): Promise<number> {
    const entries = getOrMake(this.#topics, topic, () => []);
    const newest = entries.at(-1);
    const id = newest === undefined ? firstFeedId(Date.now()) : newest.id + 1;
    entries.push({ id, value });
    // Somewhat more than asked for, so that not every call moves all entries.
    if (entries.length > 2 * keep) entries.splice(0, entries.length - keep);
    this.#watchers.tell(topic);
    return id;
  }

  async read(
    topic: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly FeedEntry[]> {
    const entries = this.#topics.get(topic) ?? [];
    const oldest = entries[0]?.id ?? 0;
    const from = Math.max(0, after + 1 - oldest);
    return entries.slice(from, from + limit);
  }

  async newest(topic: string): Promise<number> {
    return this.#topics.get(topic)?.at(-1)?.id ?? 0;
  }

  watch(topic: string, listener: () => void): () => void {
    return this.#watchers.add(topic, listener);
  }
}
