/** Messages that wait for their time, in a sorted set beside each list; every process that takes from a queue returns its due ones. */
import type { Redis } from "ioredis";
import { runScript } from "../../stores/redis.ts";
import type { ClaimToPark } from "../queue-store.ts";
import { entryEnding } from "./entry.ts";
import { listKey, listKeys, parkedKey, type RedisLayout } from "./layout.ts";
import { PARK, RETURN_DUE } from "./scripts.ts";

/** What these functions work with. */
export interface ParkingContext {
  readonly client: Redis;
  readonly layout: RedisLayout;
}

/** Claims parked, and messages of one set returned, by one run of a script: bounds its run time. */
const CHUNK = 500;

/** Parks claims; those that are gone are skipped. The time until then is taken from this process, the rest from the server. */
export async function parkClaims(
  { client, layout }: ParkingContext,
  claims: readonly ClaimToPark[],
): Promise<void> {
  const runs: Promise<unknown>[] = [];
  for (let at = 0; at < claims.length; at += CHUNK) {
    const sets: string[] = [];
    const args = claims.slice(at, at + CHUNK).flatMap(({ tag, queue, priority, untilMs }) => {
      const set = parkedKey(layout, listKey(layout, queue, priority));
      if (!sets.includes(set)) sets.push(set);
      const leftMs = Math.max(0, untilMs - Date.now());
      return [tag, sets.indexOf(set) + 1, leftMs, Buffer.byteLength(entryEnding(queue))];
    });
    runs.push(runScript(client, PARK, [layout.unacked, layout.unackedIndex, ...sets], args));
  }
  await Promise.all(runs);
}

/** Returns what is due in these queues; resolves with the ms until the next is, 0 for more now, undefined for nothing. */
export async function returnDue(
  { client, layout }: ParkingContext,
  queues: readonly string[],
): Promise<number | undefined> {
  const keys = queues.flatMap((queue) =>
    listKeys(layout, queue).flatMap((list) => [parkedKey(layout, list), list]),
  );
  if (keys.length === 0) return undefined;
  const leftMs = await runScript(client, RETURN_DUE, keys, [CHUNK]);
  return leftMs === null ? undefined : Number(leftMs);
}

/** The sets of a queue. */
export function parkedKeys(layout: RedisLayout, queue: string): readonly string[] {
  return listKeys(layout, queue).map((list) => parkedKey(layout, list));
}
