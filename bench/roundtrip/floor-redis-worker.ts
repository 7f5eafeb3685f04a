/** The other end: BRPOP and PUBLISH. */
import { Redis } from "ioredis";
import { readInput, reportReady } from "../lib/child.ts";
import { addResult } from "../lib/message.ts";
import type { RoundtripInput } from "./bench.ts";

const { broker, count, warmUp } = readInput<RoundtripInput>();
const blocked = new Redis(broker);
const redis = new Redis(broker);
await redis.ping();
reportReady();

for (let left = count + warmUp; left > 0; left -= 1) {
  const [, payload] = (await blocked.brpop("celery", 0)) ?? [];
  const { headers } = JSON.parse(payload ?? "") as { headers: { id: string } };
  redis.publish("results", addResult(headers.id)).catch(() => process.exit(1));
}
await redis.quit();
blocked.disconnect();
