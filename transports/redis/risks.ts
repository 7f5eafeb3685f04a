/** What a Redis is set to that may cost messages: asked once, where the server lets us. */
import type { Redis } from "ioredis";
import { isRefusal, openRedis, parseRedisUrl } from "../../stores/redis.ts";
import type { TransportOptions } from "../transport.ts";

interface Risk {
  readonly parameter: string;
  readonly safe: string;
  readonly consequence: string;
}

const RISKS: readonly Risk[] = [
  {
    parameter: "appendonly",
    safe: "yes",
    consequence: "a restart forgets what was accepted since its last snapshot",
  },
  { parameter: "maxmemory-policy", safe: "noeviction", consequence: "it drops keys when its memory is full" },
];

const TIMEOUT_MS = 4000;

/**
 * A sentence for each setting; none of servers that do not tell. Opens a connection of its own, and closes
 * it. Rejects with BrokerError `broker_unavailable`, and with the driver's error when there is no answer.
 */
export async function redisRisks({
  url,
  transportOptions,
}: Omit<TransportOptions, "onWarning">): Promise<readonly string[]> {
  const target = parseRedisUrl(url, transportOptions);
  const { client } = await openRedis(target, { timeoutMs: TIMEOUT_MS, role: "broker" });
  try {
    const found = await Promise.all(RISKS.map((risk) => riskOf(client, risk)));
    return found.flat().map((risk) => `Redis ${target.description} ${risk}`);
  } finally {
    client.disconnect();
  }
}

async function riskOf(client: Redis, { parameter, safe, consequence }: Risk): Promise<readonly string[]> {
  try {
    const [, value] = (await client.config("GET", parameter)) as readonly unknown[];
    if (typeof value !== "string" || value === safe) return [];
    return [`has ${parameter} ${value}: ${consequence}. ${parameter} ${safe} keeps it`];
  } catch (error) {
    // Hosted ones often forbid the question.
    if (isRefusal(error)) return [];
    throw error;
  }
}
