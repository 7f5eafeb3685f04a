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

/** Workers meet more tasks for later than one could keep in memory; the first dies of kill -9 while it puts them off. */
export const manyEtas: Fault = {
  name: "F21",
  what: "100 000 tasks for in an hour (250 × --tasks), kill -9 half-way and a new worker, then a task for now",
  brokers: ["rabbitmq", "redis"],
  async run(scene) {
    const { place, tasks } = scene.options;
    const victim = await scene.startWorker();
    const half = (ETAS_PER_TASK * tasks) / 2;
    const later = await sendForLater(scene, half);
    await victim.kill();
    const worker = await scene.startWorker();
    // Its memory is compared with what it has after some tasks.
    await scene.load();
    await scene.settled(later);
    const before = residentMb(worker.pid);
    const memory = watchMemory(() => [worker.pid]);
    later.push(...(await sendForLater(scene, half)));
    const sentAtMs = Date.now();
    const [plain] = await scene.load(1);
    await scene.settled(later);
    const startedAtMs = scene.ledger.notes("start").find(({ id }) => id === plain)?.atMs;
    const heldNow = (): Promise<number> => messagesHeld(place, scene.app);
    // What a dead worker held is not seen on RabbitMQ until another has put it off.
    await scene.until(async () => (await heldNow()) >= later.length, "all are held").catch(() => undefined);
    const early = [...scene.ledger.ids("start")].filter((id) => later.includes(id));
    return {
      duplicates: 0,
      held: Math.min(later.length, await heldNow()),
      left: HELD,
      recovery: { seconds: ((startedAtMs ?? Number.POSITIVE_INFINITY) - sentAtMs) / 1000, limit: 1 },
      checks: [
        { what: "MB of memory more", value: memory.stop() - before, limit: GROWTH_LIMIT_MB },
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
