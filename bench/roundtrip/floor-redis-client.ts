/** One bare hop there and one back: LPUSH, and a subscription that stays open. */
import { Redis } from "ioredis";
import { latencies, readInput, report } from "../lib/child.ts";
import { taskEnvelope } from "../lib/message.ts";
import type { RoundtripInput } from "./bench.ts";

const { broker, count, warmUp } = readInput<RoundtripInput>();
const redis = new Redis(broker);
const subscriber = new Redis(broker);
let answered = (): void => undefined;
subscriber.on("message", () => answered());
await subscriber.subscribe("results");

const call = async (): Promise<void> => {
  const answer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  await Promise.all([redis.lpush("celery", taskEnvelope()), answer]);
};

report(await latencies(count, warmUp, call));
redis.disconnect();
subscriber.disconnect();
