import { withRedis } from "../../bench/lib/servers.ts";
import type { GuardedProcess } from "../../test/helpers/services-process.ts";
import { checkAnswers, secondsToAccept } from "../lib/answers.ts";
import { secondsToStart, WORKERS } from "../lib/broken-broker.ts";
import { Door } from "../lib/door.ts";
import type { Check, Fault } from "../lib/fault.ts";
import { HELD, type Scene } from "../lib/scene.ts";

const RECOVERY_LIMIT = 2;
/** Seconds within which the gateway says of every task what became of it. */
const TELL_LIMIT = 60;
const ASK_EACH_MS = 500;
/** Part of the load that is sent afterwards. */
const PART = 20;

/** What gateways say of tasks: ids of each state, and when the last one was told. */
interface Told {
  readonly lost: readonly string[];
  readonly untold: readonly string[];
  readonly seconds: number;
}

/** Redis forgets everything: what it had is lost, and whoever asks is told so. */
export const redisEmptied: Fault = {
  name: "F10",
  what: "Redis killed under load and started again, empty",
  brokers: ["redis"],
  ownServers: true,
  async run(scene) {
    const { broker } = scene.servers;
    const [door, ...workers] = await Promise.all([
      Door.open(scene),
      ...Array.from({ length: WORKERS }, () => scene.startWorker()),
    ]);
    const before = await door.send(scene.options.tasks);
    await scene.untilUnderWay();
    await broker?.restart();
    const healedAtMs = Date.now();
    const after = new Set(await door.send(Math.ceil(scene.options.tasks / PART)));
    await scene.settled(before);
    const told = await tellAll(scene, door, before, healedAtMs);
    const bindings = await withRedis(scene.options.place.url, (redis) =>
      redis.scard("_kombu.binding.celery"),
    );
    const ended = await scene.endedOf([...door.processes, ...workers]);
    return {
      broken: { times: 1, what: "restarted empty" },
      duplicates: WORKERS * HELD,
      recovery: { seconds: secondsToStart(scene, healedAtMs, (id) => after.has(id)), limit: RECOVERY_LIMIT },
      reportedLost: told.lost,
      checks: [
        {
          what: "seconds until the gateway accepts",
          value: secondsToAccept(door.answers, healedAtMs),
          limit: RECOVERY_LIMIT,
        },
        { what: "missing bindings", value: bindings === 0 ? 1 : 0, limit: 0 },
        { what: "workers and gateways that ended", value: ended, limit: 0 },
        {
          what: "missing warnings at the start",
          value: withoutWarning([...door.processes, ...workers]),
          limit: 0,
        },
        ...checkAnswers(door.answers),
        ...checkTold(scene.ledger.ids("end"), told),
      ],
      remark: `Redis lost ${told.lost.length} tasks; the gateway said so of the last one after ${told.seconds.toFixed(1)} s`,
    };
  },
};

/** Nothing stays untold for long, and nothing that ran is said to be lost. */
export function checkTold(ended: ReadonlySet<string>, { lost, untold, seconds }: Told): Check[] {
  return [
    { what: "tasks of which nothing is told", value: untold.length, limit: 0 },
    { what: "seconds until the last one was told", value: seconds, limit: TELL_LIMIT },
    { what: "told to be lost though they ran", value: lost.filter((id) => ended.has(id)).length, limit: 0 },
  ];
}

/** Asks the gateway for all tasks, until each has ended or is lost, or the time is over. */
async function tellAll(scene: Scene, door: Door, ids: readonly string[], sinceMs: number): Promise<Told> {
  const lost: string[] = [];
  let untold = [...ids];
  for (;;) {
    const states = await Promise.all(untold.map((id) => door.ask("GET", `/v1/tasks/${id}`)));
    lost.push(...untold.filter((_, at) => states[at]?.body["state"] === "LOST"));
    untold = untold.filter(
      (_, at) => states[at]?.body["terminal"] !== true && states[at]?.body["state"] !== "LOST",
    );
    const seconds = (Date.now() - sinceMs) / 1000;
    if (untold.length === 0 || seconds > TELL_LIMIT) return { lost, untold, seconds };
    await scene.pause(ASK_EACH_MS);
  }
}

function withoutWarning(processes: readonly GuardedProcess[]): number {
  return processes.filter((process) => !/appendonly/.test(process.output())).length;
}
