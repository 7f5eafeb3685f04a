/** What a gateway remembers until its process ends, for a gateway that shares with no other. */
import { MemoryAgenda } from "./memory/agenda.ts";
import { MemoryCounters } from "./memory/counters.ts";
import { MemoryFeed } from "./memory/feed.ts";
import { MemoryRecords } from "./memory/records.ts";
import type { StateStore } from "./state-store.ts";

export function createMemoryState(): StateStore {
  const records = new MemoryRecords();
  return {
    records,
    unlisted: records,
    agenda: new MemoryAgenda(),
    feed: new MemoryFeed(),
    counters: new MemoryCounters(),
    open: async () => undefined,
    close: async () => undefined,
  };
}
