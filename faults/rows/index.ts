/** All faults; a new one is a file and a line here. */
import type { Fault } from "../lib/fault.ts";
import { chordLosesWorker } from "./c1-chord-loses-worker.ts";
import { childDies } from "./f1-child-dies.ts";
import { killOnRabbitMq } from "./f2-kill-rabbitmq.ts";
import { killOnRedis } from "./f3-kill-redis.ts";
import { killOnSqlite } from "./f4-kill-sqlite.ts";
import { rollingRestarts } from "./f5-rolling-restarts.ts";
import { graceTooShort } from "./f6-grace-too-short.ts";
import { zombie } from "./f16-zombie.ts";
import { poison } from "./f18-poison.ts";
import { manyEtas } from "./f21-many-etas.ts";
import { leaderDies } from "./f25-leader-dies.ts";
import { fullMemory } from "./f26-memory.ts";
import { mixedFleet } from "./f28-mixed-fleet.ts";

export const FAULTS: readonly Fault[] = [
  childDies,
  killOnRabbitMq,
  killOnRedis,
  killOnSqlite,
  rollingRestarts,
  graceTooShort,
  zombie,
  poison,
  manyEtas,
  leaderDies,
  fullMemory,
  mixedFleet,
  chordLosesWorker,
];
