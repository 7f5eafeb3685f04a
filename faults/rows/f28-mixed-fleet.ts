import { setTimeout as sleep } from "node:timers/promises";
import type { GuardedProcess } from "../../test/helpers/services-process.ts";
import type { Fault } from "../lib/fault.ts";
import { CONCURRENCY } from "../lib/scene.ts";

const KILL_EACH_MS = 5000;
const KILLING_SECONDS = 60;
/** Tasks that wait, so that no worker is idle. */
const BACKLOG = 80;

/** Two workers of ours and two of Python's Celery on one queue; each restores what the other's dead had. */
export const mixedFleet: Fault = {
  name: "F28",
  what: `beside workers of Python's Celery: kill -9 of a random one every ${KILL_EACH_MS / 1000} s for ${KILLING_SECONDS} s (--seconds)`,
  brokers: ["rabbitmq", "redis"],
  async run(scene) {
    const makers = [() => scene.startWorker(), () => scene.startPythonWorker()];
    const fleet: { worker: GuardedProcess; readonly make: () => Promise<GuardedProcess> }[] =
      await Promise.all([...makers, ...makers].map(async (make) => ({ worker: await make(), make })));
    await scene.load();
    const feeder = scene.feed(BACKLOG);
    const endsAtMs = Date.now() + (scene.options.seconds ?? KILLING_SECONDS) * 1000;
    let kills = 0;
    while (Date.now() < endsAtMs) {
      await sleep(KILL_EACH_MS);
      const victim = scene.random.pick(fleet);
      await victim.worker.kill();
      kills += 1;
      victim.worker = await victim.make();
    }
    await feeder.stop();
    await scene.settled();
    return { duplicates: kills * CONCURRENCY };
  },
};
