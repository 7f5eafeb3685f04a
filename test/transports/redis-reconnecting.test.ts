import { expect, test } from "vitest";
import { cleanUp } from "../../testing/clean-up.ts";
import { bodies, entries } from "../../testing/queue-store.ts";
import { createReconnectingConnection } from "../../transports/reconnecting.ts";
import createRedisTransport from "../../transports/redis.ts";
import { killClients, redisPlace } from "./redis-place.ts";

test("a consumer under a storm of cut connections gets each message once, and acknowledges it", async () => {
  const place = await redisPlace();
  const total = 4000;
  const texts = Array.from({ length: total }, (_, at) => String(at).padStart(4, "0"));
  const filler = await place.open();
  for (let at = 0; at < total; at += 1000) await filler.put(entries("q", ...texts.slice(at, at + 1000)));
  const transportOptions = { clientName: "storm", leaseMs: 5000 };
  const onWarning = (): void => undefined;
  let lives = 0;
  const connection = createReconnectingConnection({
    transports: [createRedisTransport({ url: place.url, transportOptions, onWarning })],
    strategy: "round-robin",
    connectTimeoutMs: 5000,
    deadlineMs: 5000,
    maxRetries: null,
    onWarning,
    onConnected: (life) => {
      lives = life;
    },
  });
  cleanUp(() => connection.close());
  await connection.declareQueue({ name: "q" });
  const seen: string[] = [];
  for await (const batch of connection.consume([{ name: "q" }], { prefetch: 30 })) {
    for (const delivery of batch) {
      seen.push(JSON.parse(Buffer.from(delivery.rawBytes).toString()).body);
      delivery.ack();
    }
    if (lives < 15) await killClients(place.admin, "storm");
    if (seen.length >= total) break;
  }
  expect(lives).toBeGreaterThanOrEqual(15);
  expect(seen.toSorted()).toEqual(texts);
  await connection.close();
  expect(await place.admin.exists("q", "unacked", "unacked_index")).toBe(0);
  expect(bodies(await filler.take(["q"], 1))).toEqual([]);
});
