import type { Fault, FaultCase, Findings } from "../lib/fault.ts";
import { createMemoryGroup } from "../lib/memory-group.ts";
import { treeOf } from "../lib/processes.ts";
import { DELIVERIES, type Scene } from "../lib/scene.ts";
import { watchMemory } from "../lib/watch-memory.ts";

const HEAP: FaultCase = { name: "heap of the child full" };
const GROUP: FaultCase = { name: "memory of the group full" };
const LEAK: FaultCase = { name: "leaks, max-memory-per-child" };

/** Node's own limit for each process, in MB. */
const HEAP_MB = 128;
/** Limit of the worker with all its processes, in MB. */
const GROUP_MB = 500;
/** What each task leaves behind, and when a process is replaced, in MB. */
const LEAK_MB = 8;
const CHILD_LIMIT_MB = 160;
/** What Node adds to a process while a task runs, until it is asked how large it is. */
const SLACK_MB = 64;

/** A task takes memory without end, or leaves some behind each time. */
export const fullMemory: Fault = {
  name: "F26",
  what: "a task takes all memory it can have; tasks that leak",
  brokers: ["rabbitmq", "redis"],
  cases: [HEAP, GROUP, LEAK],
  run(scene) {
    switch (scene.options.form.name) {
      case HEAP.name:
        return takeAll(scene, { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` }, async () => undefined);
      case GROUP.name:
        return takeAllOfGroup(scene);
      default:
        return leak(scene);
    }
  },
};

/** Only the process of the greedy task may die, and that three times. */
async function takeAll(
  scene: Scene,
  env: Readonly<Record<string, string>>,
  confine: (pids: readonly number[]) => Promise<void>,
): Promise<Findings> {
  const worker = await scene.startWorker({ env });
  await confine(treeOf(worker.pid));
  const parent = watchMemory(() => [worker.pid]);
  const [deadly] = await Promise.all([scene.send(1, "fault.die", "memory"), scene.load()]);
  await scene.settled(deadly);
  await scene.untilDead(deadly.length);
  const starts = scene.ledger.notes("start").filter(({ id }) => deadly.includes(id));
  return {
    broken: { times: starts.length, what: "memory full" },
    duplicates: 0,
    dead: deadly,
    checks: [
      {
        what: `greedy tasks not started ${DELIVERIES} times`,
        value: scene.ledger.startedOtherThan(DELIVERIES, deadly),
        limit: 0,
      },
      { what: "workers that ended", value: (await scene.running(worker)) ? 0 : 1, limit: 0 },
      { what: "MB of the worker itself", value: await parent.stop(), limit: CHILD_LIMIT_MB },
    ],
  };
}

async function takeAllOfGroup(scene: Scene): Promise<Findings> {
  const group = await createMemoryGroup(GROUP_MB);
  try {
    return await takeAll(scene, {}, (pids) => group.add(pids));
  } finally {
    await scene.stopWorkers();
    await group.remove();
  }
}

async function leak(scene: Scene): Promise<Findings> {
  const worker = await scene.startWorker({ args: ["--max-memory-per-child", String(CHILD_LIMIT_MB * 1024)] });
  const children = watchMemory((all) => treeOf(worker.pid, all).slice(1));
  await scene.send(Math.ceil(scene.options.tasks / 4), "fault.leak", LEAK_MB);
  await scene.settled();
  const leaks = scene.ledger.ids("start").size;
  return {
    broken: { times: leaks, what: "leak" },
    duplicates: 0,
    checks: [
      { what: "starts beyond the first", value: scene.ledger.repeated("start"), limit: 0 },
      {
        what: "MB of the largest process",
        value: await children.stop(),
        limit: CHILD_LIMIT_MB + LEAK_MB + SLACK_MB,
      },
    ],
  };
}
