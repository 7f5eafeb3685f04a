/** Queues as callers see them. */
import { fromQueue } from "../access/caller.ts";
import type { Exchange } from "../exchange.ts";
import { etagOf } from "../task-view.ts";
import type { QueueState } from "./queue-book.ts";

/** The JSON object of one queue. */
export function queueMembers(queue: QueueState, { base, caller }: Pick<Exchange, "base" | "caller">): object {
  const name = fromQueue(caller, queue.name);
  const self = `${base}/v1/queues/${encodeURIComponent(name)}`;
  return {
    name,
    ready: queue.ready,
    unacked: queue.unacked,
    scheduled: queue.scheduled,
    consumers: queue.consumers,
    oldest_age_s: queue.oldestAgeSeconds,
    dead: queue.dead,
    links: { self, pause: `${self}:pause`, resume: `${self}:resume`, purge: `${self}:purge` },
  };
}

/** Changes with what a purge would remove. */
export function queueEtag({ name, ready, scheduled }: QueueState): string {
  return etagOf(JSON.stringify([name, ready, scheduled]));
}
