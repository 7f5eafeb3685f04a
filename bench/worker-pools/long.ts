/** A worker under load for a long time: its memory must not grow. */
import { type Bench, type Metric, nodeProgram, PER_SECOND } from "../lib/bench.ts";
import { fillQueue } from "../lib/fill.ts";
import { expectQueueLength } from "../lib/servers.ts";

const megabytes = (key: string, heading: string): Metric => ({ key, heading, digits: 0, better: "lower" });

export const millionBench: Bench = {
  name: "drain-million",
  title: "tasks.add(2, 3) drained from Redis by the async pool, and its resident memory",
  servers: ["redis"],
  count: 1_000_000,
  isLong: true,
  metrics: [
    PER_SECOND,
    megabytes("startMb", "MB at the start"),
    ...[25, 50, 75, 100].map((percent) => megabytes(`mbAt${percent}`, `at ${percent} %`)),
    megabytes("peakMb", "at most"),
  ],
  contenders: [
    {
      name: "Celerity async",
      role: "celerity",
      prepare: ({ urls, count }) => fillQueue(urls.redis, count),
      program: ({ urls, count }) => ({
        ...nodeProgram("worker-pools/million", { count }),
        env: { CELERY_BROKER_URL: urls.redis },
      }),
      check: ({ urls }) => expectQueueLength(urls.redis, 0),
    },
  ],
};
