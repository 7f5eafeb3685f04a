/** Looking at a queue without taking from it. */
import type { Redis } from "ioredis";
import { runScript } from "../../stores/redis.ts";
import type { QueueFacts } from "../transport.ts";
import { entryEnding } from "./entry.ts";
import { listKeys, type RedisLayout } from "./layout.ts";
import { parkedKeys } from "./parking.ts";
import { COUNT_HELD } from "./scripts.ts";

/** Messages held by all consumers that are looked through for those of one queue; more, and it cannot be told. */
const MAX_HELD = 1000;

export async function queueFacts(client: Redis, layout: RedisLayout, queue: string): Promise<QueueFacts> {
  const [ready, scheduled, unacked] = await Promise.all([
    sum(listKeys(layout, queue).map((list) => client.llen(list))),
    sum(parkedKeys(layout, queue).map((set) => client.zcard(set))),
    countHeld(client, layout, queue),
  ]);
  return { ready, scheduled, ...(unacked === undefined ? {} : { unacked }) };
}

async function sum(counts: readonly Promise<number>[]): Promise<number> {
  return (await Promise.all(counts)).reduce((total, count) => total + count, 0);
}

/** kombu keeps what is held in one hash for all queues; an entry ends with where a restore would put it. */
async function countHeld(client: Redis, layout: RedisLayout, queue: string): Promise<number | undefined> {
  const name = JSON.stringify(queue);
  // Ours, and those that Python writes for the anonymous exchange and for the queue's own.
  const endings = [entryEnding(queue), `, "", ${name}]`, `, ${name}, ${name}]`];
  const count = await runScript(client, COUNT_HELD, [layout.unacked], [MAX_HELD, ...endings]);
  return count === null ? undefined : Number(count);
}

/** Payloads in the order of service. */
export async function peekQueue(
  client: Redis,
  layout: RedisLayout,
  queue: string,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<readonly string[]> {
  const found: string[] = [];
  let skip = offset;
  for (const list of listKeys(layout, queue)) {
    // Messages are pushed to the left and taken from the right.
    const page = await client.lrange(list, found.length - limit - skip, -1 - skip);
    found.push(...page.reverse());
    if (found.length >= limit) break;
    skip = Math.max(0, skip - (await client.llen(list)));
  }
  return found;
}
