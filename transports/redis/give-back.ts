/**
 * Puts claimed messages back on their queues: what a consumer gives back, what a dead process of ours held, and what any
 * consumer has held for longer than the visibility timeout.
 */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { runScript } from "../../stores/redis.ts";
import { topicMatches } from "../routing.ts";
import { envelopePriority, markRedelivered, readEntry, type UnackedEntry } from "./entry.ts";
import {
  bindingKeys,
  lifeTagPrefix,
  listKey,
  livenessKeys,
  type RedisLayout,
  readBindings,
} from "./layout.ts";
import { DEAD_LIVES, OVERDUE, PUT_BACK, UNLOCK } from "./scripts.ts";

/** What these functions work with. */
export interface GiveBackContext {
  readonly client: Redis;
  readonly layout: RedisLayout;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export interface GiveBackOptions {
  /** `front` is served next, `back` last. */
  readonly to: "front" | "back";
  /** Counts the delivery as one that failed. */
  readonly counts: boolean;
  /** Only claims that nobody renewed for this long; default: all. */
  readonly olderThanSeconds?: number;
}

/** Entries that are read and written in one step: bounds what one command carries. */
const CHUNK = 100;

/**
 * Gives claims back; those that are gone are skipped. For the front, tags come in the order they should be served in.
 * Resolves with how many were given back.
 */
export async function giveBack(
  context: GiveBackContext,
  tags: readonly string[],
  options: GiveBackOptions,
): Promise<number> {
  // Pushing to the front turns the order round.
  const ordered = options.to === "front" ? [...tags].reverse() : tags;
  let done = 0;
  for (let at = 0; at < ordered.length; at += CHUNK) {
    done += await giveBackChunk(context, ordered.slice(at, at + CHUNK), options);
  }
  return done;
}

async function giveBackChunk(
  context: GiveBackContext,
  tags: readonly string[],
  options: GiveBackOptions,
): Promise<number> {
  const { client, layout } = context;
  const texts = await client.hmget(layout.unacked, ...tags);
  const args = [options.to === "front" ? "RPUSH" : "LPUSH", String(options.olderThanSeconds ?? 0)];
  for (const [at, tag] of tags.entries()) {
    const text = texts[at];
    if (typeof text !== "string") {
      args.push(tag, "", "0");
      continue;
    }
    const entry = readEntry(text);
    if (entry === undefined) await setAside(context, tag);
    else args.push(tag, ...(await destination(context, entry, options.counts)));
  }
  return Number(await runScript(client, PUT_BACK, [layout.unacked, layout.unackedIndex], args));
}

/** Nobody can read the entry: out of the index it harms no sweep, kombu's included, and a person may look at it. */
async function setAside({ client, layout, onWarning }: GiveBackContext, tag: string): Promise<void> {
  await client.zrem(layout.unackedIndex, tag);
  onWarning(`The entry "${tag}" of ${layout.unacked} cannot be read; it stays there and is not restored`);
}

/** The payload to store, how many lists it goes to, and the lists. */
async function destination(
  context: GiveBackContext,
  entry: UnackedEntry,
  counts: boolean,
): Promise<readonly string[]> {
  const queues = await queuesOf(context, entry);
  const priority = envelopePriority(entry.payload);
  const lists = queues.map((queue) => listKey(context.layout, queue, priority));
  return [markRedelivered(entry.payload, counts), String(lists.length), ...lists];
}

async function queuesOf(context: GiveBackContext, entry: UnackedEntry): Promise<readonly string[]> {
  const { exchange, routingKey } = entry;
  if (exchange === "") return [routingKey];
  const { client, layout, onWarning } = context;
  const members = await client.smembers(bindingKeys(layout, exchange).table);
  // kombu knows the exchange's type; here the binding tells, since only topic bindings have a pattern.
  const queues = readBindings(layout, exchange, members)
    .filter((row) =>
      row.pattern === "" ? row.routingKey === routingKey : topicMatches(row.routingKey, routingKey),
    )
    .map((row) => row.queue);
  if (queues.length > 0) return [...new Set(queues)];
  onWarning(
    `No queue is bound to exchange "${exchange}" for a message to restore; it goes to "${routingKey}"`,
  );
  return [routingKey];
}

/** All tags of one life that are on the server, in the order they were claimed. */
export async function tagsOfLife(context: GiveBackContext, life: string): Promise<readonly string[]> {
  const { client, layout } = context;
  const tags = new Set<string>();
  let cursor = "0";
  do {
    const [next, page] = await client.zscan(
      layout.unackedIndex,
      cursor,
      "MATCH",
      `${lifeTagPrefix(life)}*`,
      "COUNT",
      1000,
    );
    for (let at = 0; at < page.length; at += 2) tags.add(page[at] ?? "");
    cursor = next;
  } while (cursor !== "0");
  return [...tags].sort();
}

/** Gives back what dead processes of ours held. Only one process looks within `everyMs`. */
export async function sweepDeadLives(context: GiveBackContext, everyMs: number): Promise<void> {
  const { client, layout, onWarning } = context;
  const { alivePrefix, lives, sweep } = livenessKeys(layout);
  const graceSeconds = layout.leaseMs / 2000;
  const dead = await runScript(
    client,
    DEAD_LIVES,
    [lives, sweep],
    [alivePrefix, graceSeconds, Math.ceil(everyMs)],
  );
  for (const life of dead as readonly string[]) {
    const tags = await tagsOfLife(context, life);
    const restored = await giveBack(context, tags, { to: "front", counts: true });
    await client.zrem(lives, life);
    if (restored > 0) onWarning(`Gave back ${restored} messages of a process that died`);
  }
}

/** Longest a sweep may hold kombu's lock: kombu waits for it. */
const LOCK_MS = 60_000;
/** Overdue claims looked at together. */
const OVERDUE_PAGE = 500;

/** Gives back what was held for longer than the visibility timeout, as kombu does; `isHeld` spares our own. */
export async function sweepOverdue(
  context: GiveBackContext,
  isHeld: (tag: string) => boolean,
): Promise<void> {
  // Looking is cheap and needs no lock; most of the time there is nothing.
  if ((await overdue(context, isHeld)).length === 0) return;
  const { client, layout, onWarning } = context;
  const token = randomUUID();
  if ((await client.set(layout.unackedMutex, token, "PX", LOCK_MS, "NX")) === null) return;
  try {
    let restored = 0;
    for (let page = await overdue(context, isHeld); page.length > 0; page = await overdue(context, isHeld)) {
      restored += await giveBack(context, [...page].reverse(), {
        to: "front",
        counts: true,
        olderThanSeconds: layout.visibilityTimeoutSeconds,
      });
    }
    if (restored > 0)
      onWarning(`Gave back ${restored} messages that were held beyond the visibility timeout`);
  } finally {
    await runScript(client, UNLOCK, [layout.unackedMutex], [token]);
  }
}

/** Newest first. */
async function overdue(
  { client, layout }: GiveBackContext,
  isHeld: (tag: string) => boolean,
): Promise<readonly string[]> {
  const tags = await runScript(
    client,
    OVERDUE,
    [layout.unackedIndex],
    [layout.visibilityTimeoutSeconds, OVERDUE_PAGE],
  );
  return (tags as readonly string[]).filter((tag) => !isHeld(tag));
}
