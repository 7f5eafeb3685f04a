/** All faults; a new one is a file and a line here. */
import type { Fault } from "../lib/fault.ts";
import { chordLosesWorker } from "./c1-chord-loses-worker.ts";
import { childDies } from "./f1-child-dies.ts";
import { killOnRabbitMq } from "./f2-kill-rabbitmq.ts";
import { killOnRedis } from "./f3-kill-redis.ts";
import { killOnSqlite } from "./f4-kill-sqlite.ts";
import { rollingRestarts } from "./f5-rolling-restarts.ts";
import { graceTooShort } from "./f6-grace-too-short.ts";
import { brokerKilled } from "./f7-broker-killed.ts";
import { redisEmptied } from "./f10-redis-emptied.ts";
import { zombie } from "./f16-zombie.ts";
import { brokerStopped } from "./f17-broker-stopped.ts";
import { poison } from "./f18-poison.ts";
import { burst } from "./f20-burst.ts";
import { manyEtas } from "./f21-many-etas.ts";
import { brokerFull } from "./f22-broker-full.ts";
import { resultsAway } from "./f24-results-away.ts";
import { leaderDies } from "./f25-leader-dies.ts";
import { fullMemory } from "./f26-memory.ts";
import { mixedFleet } from "./f28-mixed-fleet.ts";
import { gatewayDies } from "./g1-gateway-dies.ts";

export const FAULTS: readonly Fault[] = [
  childDies,
  killOnRabbitMq,
  killOnRedis,
  killOnSqlite,
  rollingRestarts,
  graceTooShort,
  brokerKilled,
  redisEmptied,
  zombie,
  brokerStopped,
  poison,
  burst,
  manyEtas,
  brokerFull,
  resultsAway,
  leaderDies,
  fullMemory,
  mixedFleet,
  chordLosesWorker,
  gatewayDies,
];
