/** The least a producer can do on Redis: build the message, push it, wait for the answer. */
import { Redis } from "ioredis";
import { inFlight, readInput, report, Stopwatch } from "../lib/child.ts";
import { taskEnvelope } from "../lib/message.ts";
import type { ProducerInput } from "./bench.ts";

const { broker, count, warmUp, lanes } = readInput<ProducerInput>();
const redis = new Redis(broker);
const send = (): Promise<unknown> => redis.lpush("celery", taskEnvelope());

await inFlight(warmUp, lanes, send);
const watch = new Stopwatch();
await inFlight(count, lanes, send);
report(watch.rate(count));
redis.disconnect();
