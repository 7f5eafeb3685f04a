import type { GuardedProcess } from "../../test/helpers/services-process.ts";
import type { Fault, Findings } from "../lib/fault.ts";
import { treeOf } from "../lib/processes.ts";
import { type RedisWitness, watchRedis } from "../lib/redis-witness.ts";
import { CONCURRENCY, type Scene } from "../lib/scene.ts";

const KILL_EACH_MS = 5000;
const KILLING_SECONDS = 60;
/** Tasks that wait, so that no worker is idle. */
const BACKLOG = 80;

type Language = "TypeScript" | "Python";

interface Member {
  readonly language: Language;
  worker: GuardedProcess;
}

/** A worker that was killed. */
interface Death {
  readonly language: Language;
  readonly pids: readonly number[];
  readonly atMs: number;
}

/** Two workers of ours and two of Python's Celery on one queue; each restores what the other's dead had. */
export const mixedFleet: Fault = {
  name: "F28",
  what: `beside workers of Python's Celery: kill -9 of a random one every ${KILL_EACH_MS / 1000} s for ${KILLING_SECONDS} s (--seconds)`,
  brokers: ["rabbitmq", "redis"],
  cases: [
    { name: "", brokers: ["rabbitmq"] },
    // As fault_tasks.py has it.
    { name: "", brokers: ["redis"], transportOptions: { visibilityTimeout: 10 } },
  ],
  async run(scene) {
    const witness = scene.broker === "redis" ? await watchRedis(scene.options.place.url) : undefined;
    try {
      return await killAtRandom(scene, witness);
    } finally {
      witness?.stop();
    }
  },
};

async function killAtRandom(scene: Scene, witness: RedisWitness | undefined): Promise<Findings> {
  const languages: readonly Language[] = ["TypeScript", "Python", "TypeScript", "Python"];
  const fleet = await Promise.all(
    languages.map(async (language): Promise<Member> => ({ language, worker: await start(scene, language) })),
  );
  const processes = new Map<number, Language>();
  const enlist = (): void => {
    for (const { language, worker } of fleet)
      for (const pid of treeOf(worker.pid)) processes.set(pid, language);
  };
  await scene.load();
  const feeder = scene.feed(BACKLOG);
  const endsAtMs = Date.now() + (scene.options.seconds ?? KILLING_SECONDS) * 1000;
  const deaths: Death[] = [];
  while (Date.now() < endsAtMs) {
    await scene.pause(KILL_EACH_MS);
    const victim = scene.random.pick(fleet);
    const pids = treeOf(victim.worker.pid);
    enlist();
    await victim.worker.kill();
    deaths.push({ language: victim.language, pids, atMs: Date.now() });
    victim.worker = await start(scene, victim.language);
  }
  await feeder.stop();
  await scene.settled();
  enlist();
  const lostByPython = witness?.unnoted(neverStarted(scene)) ?? [];
  const limit = deaths.filter(({ language }) => language === "Python").length;
  const remarks = lostByPython.map((id) => `${id} was lost by Celery: BRPOP, and killed before HSET`);
  return {
    broken: { times: deaths.length, what: "kill -9" },
    duplicates: deaths.length * CONCURRENCY,
    lostByPython,
    checks: [{ what: "lost by Celery's workers", value: lostByPython.length, limit }],
    remark: [takeOvers(scene, deaths, processes), ...remarks].join("; "),
  };
}

function start(scene: Scene, language: Language): Promise<GuardedProcess> {
  return language === "Python" ? scene.startPythonWorker() : scene.startWorker();
}

function neverStarted({ ledger }: Scene): string[] {
  const started = ledger.ids("start");
  return [...ledger.accepted].filter((id) => !started.has(id));
}

/** Who went on with the tasks that the dead had under way. */
function takeOvers(
  { ledger }: Scene,
  deaths: readonly Death[],
  processes: ReadonlyMap<number, Language>,
): string {
  const counts = new Map<string, number>();
  for (const { language, pids, atMs } of deaths) {
    for (const { by } of ledger.restarts(pids, atMs)) {
      const what = `${processes.get(Number(by)) ?? "unknown"} after ${language}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  }
  const parts = [...counts].map(([what, count]) => `${count} by ${what}`);
  return `interrupted tasks taken over: ${parts.sort().join(", ")}`;
}
