import type { Fault } from "../lib/fault.ts";
import { messagesHeld } from "../lib/held.ts";
import { residentMb } from "../lib/processes.ts";
import { HELD, type Scene } from "../lib/scene.ts";
import { watchMemory } from "../lib/watch-memory.ts";

/** Of these for each task of a load: 100 000 by default. */
const ETAS_PER_TASK = 250;
const CHUNK = 1000;
const AN_HOUR_MS = 3_600_000;
const GROWTH_LIMIT_MB = 64;

/** For 100 000 tasks: each passes through RabbitMQ's delays one bit after the other. */
const PUT_OFF_LIMIT = 600;

/** Workers meet more tasks for later than they may hold; the first dies of kill -9 while it leaves them to the broker. */
export const manyEtas: Fault = {
  name: "F21",
  what: "100 000 tasks for in an hour (250 × --tasks), kill -9 half-way and a new worker, then a task for now",
  brokers: ["rabbitmq", "redis"],
  async run(scene) {
    const victim = await scene.startWorker();
    const half = (ETAS_PER_TASK * scene.options.tasks) / 2;
    const later = await sendForLater(scene, half);
    await victim.kill();
    const worker = await scene.startWorker();
    // Its memory is compared with what it has after some tasks.
    await scene.load();
    await scene.settled(later, PUT_OFF_LIMIT);
    const before = residentMb(worker.pid);
    const memory = watchMemory(() => [worker.pid]);
    later.push(...(await sendForLater(scene, half)));
    const sentAtMs = Date.now();
    const connection = await scene.app.connection();
    const isEmpty = async (): Promise<boolean> => (await connection.queueSize("celery")) === 0;
    await scene.until(isEmpty, "all tasks for later are put off", PUT_OFF_LIMIT).catch(() => undefined);
    const putOffAtMs = Date.now();
    const [plain] = await scene.load(1);
    await scene.settled(later);
    const startedAtMs = scene.ledger.notes("start").find(({ id }) => id === plain)?.atMs;
    const growth = (await memory.stop()) - before;
    // On RabbitMQ what a worker holds is not counted.
    await scene.stopWorkers();
    const heldNow = (): Promise<number> => messagesHeld(scene.options.place, scene.app);
    await scene.until(async () => (await heldNow()) >= later.length, "all are there").catch(() => undefined);
    const started = scene.ledger.ids("start");
    const early = later.filter((id) => started.has(id));
    return {
      broken: { times: 1, what: "kill -9" },
      duplicates: 0,
      later,
      left: HELD,
      recovery: { seconds: ((startedAtMs ?? Number.POSITIVE_INFINITY) - putOffAtMs) / 1000, limit: 1 },
      checks: [
        {
          what: "seconds to put off the second half",
          value: (putOffAtMs - sentAtMs) / 1000,
          limit: PUT_OFF_LIMIT,
        },
        { what: "MB of memory more", value: growth, limit: GROWTH_LIMIT_MB },
        { what: "tasks that ran early", value: early.length, limit: 0 },
      ],
    };
  },
};

async function sendForLater(scene: Scene, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const some = Math.min(CHUNK, count - ids.length);
    ids.push(...(await scene.send(some, "fault.work", 0, Date.now() + AN_HOUR_MS)));
  }
  return ids;
}
