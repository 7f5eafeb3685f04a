/** A mark in Redis that is gone when Redis has lost its data. */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { BrokerEpoch } from "../transport.ts";
import type { RedisLayout } from "./layout.ts";

/** The mark that is there, or a new one. */
export async function readEpoch(client: Redis, { prefix }: RedisLayout): Promise<BrokerEpoch> {
  const key = `${prefix}_celerity.epoch`;
  const found = await client.get(key);
  if (found !== null) return parse(found);
  const bornAtMs = await startedAtMs(client);
  const made = JSON.stringify({ id: randomUUID(), ...(bornAtMs === undefined ? {} : { bornAtMs }) });
  // Another client may have been faster.
  const isFirst = (await client.setnx(key, made)) === 1;
  return parse(isFirst ? made : ((await client.get(key)) ?? made));
}

function parse(text: string): BrokerEpoch {
  try {
    const { id, bornAtMs } = JSON.parse(text) as { id?: unknown; bornAtMs?: unknown };
    return { id: String(id), ...(typeof bornAtMs === "number" ? { bornAtMs } : {}) };
  } catch {
    return { id: text };
  }
}

/** When the server was started; undefined where it may not be asked. */
async function startedAtMs(client: Redis): Promise<number | undefined> {
  const info = await client.info("server").catch(() => "");
  const seconds = /^uptime_in_seconds:(\d+)/m.exec(info)?.[1];
  return seconds === undefined ? undefined : Date.now() - Number(seconds) * 1000;
}
