import { rabbitApi } from "../../test/helpers/services-rabbit-api.ts";
import { checkAnswers, type Period } from "../lib/answers.ts";
import { secondsToStart, WORKERS } from "../lib/broken-broker.ts";
import { Door } from "../lib/door.ts";
import type { Check, Fault } from "../lib/fault.ts";
import { messagesHeld } from "../lib/held.ts";
import type { Ledger } from "../lib/ledger.ts";
import { HELD, type Scene } from "../lib/scene.ts";

const AWAY_SECONDS = 30;
/** Until something starts after the store is back. */
const RECOVERY_LIMIT = 5;
/** Tasks that are asked about in one round while the store is away, and the pause between two. */
const ASKED = 4;
const ASK_EACH_MS = 1000;
/** Seconds within which a question is answered. */
const ANSWER_LIMIT = 15;
/** Deaths of the store show at once, but not in the same moment. */
const NOTICE_MS = 200;

/** A gateway's answer to a question about a task. */
export interface ReadAnswer {
  readonly status: number;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

/** Tasks end while nobody takes their results: each must be kept until somebody does. */
export const resultsAway: Fault = {
  name: "F24",
  what: `the result store is killed or stopped for ${AWAY_SECONDS} s (--seconds) while tasks end`,
  brokers: ["rabbitmq", "redis"],
  ownServers: true,
  cases: [
    { name: "Redis killed" },
    { name: "Redis stopped", brokers: ["redis"] },
    { name: "PostgreSQL killed", results: "postgres" },
  ],
  async run(scene) {
    const { form, tasks, seconds: given } = scene.options;
    const { results } = scene.servers;
    const isStopped = form.name.endsWith("stopped");
    const [door, ...workers] = await Promise.all([
      Door.open(scene),
      ...Array.from({ length: WORKERS }, () => scene.startWorker()),
    ]);
    const ids = await door.send(tasks);
    await scene.untilUnderWay();
    const fromMs = Date.now();
    if (isStopped) results.pause();
    else await results.kill();
    const goneAtMs = Date.now();
    await scene.pause(NOTICE_MS);
    const asker = askAgainAndAgain(scene, door, ids);
    // Sending needs no result store.
    const more = await door.send(ASKED);
    await scene.pause(Math.max(0, fromMs + (given ?? AWAY_SECONDS) * 1000 - Date.now()));
    const held = await messagesUnsettled(scene);
    const ended = await scene.endedOf([...door.processes, ...workers]);
    const toMs = Date.now();
    if (isStopped) results.resume();
    else await results.restart();
    const healedAtMs = Date.now();
    const read = await asker.stop();
    await scene.settled();
    return {
      broken: { times: 1, what: form.name },
      // Nothing runs twice but what a worker has given back because it could not store its end for too long.
      duplicates: WORKERS * HELD,
      recovery: { seconds: secondsToStart(scene, healedAtMs), limit: RECOVERY_LIMIT },
      checks: [
        checkEarly(scene.ledger, { atMs: goneAtMs, held }),
        { what: "workers and gateways that ended", value: ended, limit: 0 },
        { what: "missing tasks", value: ASKED - more.length, limit: 0 },
        ...checkAnswers(door.answers),
        ...checkReads(read, { fromMs: goneAtMs, toMs }),
      ],
      remark: `${read.length} questions about tasks were answered meanwhile`,
    };
  },
};

/** Messages that wait or are handed out. */
async function messagesUnsettled({ options, app }: Scene): Promise<number> {
  const { place } = options;
  if (place.broker !== "rabbitmq") return await messagesHeld(place, app);
  const queue = await rabbitApi(place.url, "GET", "queues/%2F/celery");
  return Number((queue as { readonly messages?: unknown }).messages);
}

/** Messages that were acknowledged though their results could not be stored, the store being away since `atMs`. */
export function checkEarly(
  ledger: Ledger,
  { atMs, held }: { readonly atMs: number; readonly held: number },
): Check {
  const endedBefore = new Set(
    ledger
      .notes("end")
      .filter((end) => end.atMs <= atMs)
      .map(({ id }) => id),
  );
  const settled = ledger.accepted.size - held;
  return { what: "acknowledged before the result was stored", value: settled - endedBefore.size, limit: 0 };
}

/** While the store is away nothing is known of a task, which is 503 and never 404. */
export function checkReads(reads: readonly ReadAnswer[], { fromMs, toMs }: Period): Check[] {
  const during = reads.filter(({ askedAtMs, answeredAtMs }) => askedAtMs >= fromMs && answeredAtMs <= toMs);
  const others = during.filter(({ status }) => status !== 503);
  const statuses = [...new Set(others.map(({ status }) => status))].join(", ");
  const slowestMs = Math.max(0, ...during.map(({ askedAtMs, answeredAtMs }) => answeredAtMs - askedAtMs));
  return [
    { what: "missing answers", value: during.length === 0 ? 1 : 0, limit: 0 },
    {
      what: `answers that are not 503${statuses === "" ? "" : ` (${statuses})`}`,
      value: others.length,
      limit: 0,
    },
    { what: "seconds to the slowest answer", value: slowestMs / 1000, limit: ANSWER_LIMIT },
  ];
}

function askAgainAndAgain(
  scene: Scene,
  door: Door,
  ids: readonly string[],
): { stop(): Promise<readonly ReadAnswer[]> } {
  const reads: ReadAnswer[] = [];
  let isStopped = false;
  const askOne = async (): Promise<void> => {
    const askedAtMs = Date.now();
    const { status } = await door.ask("GET", `/v1/tasks/${scene.random.pick(ids)}`);
    reads.push({ status, askedAtMs, answeredAtMs: Date.now() });
  };
  const asked = (async () => {
    while (!isStopped) {
      await Promise.all(Array.from({ length: ASKED }, askOne));
      await scene.pause(ASK_EACH_MS);
    }
  })();
  asked.catch(() => undefined);
  return {
    async stop() {
      isStopped = true;
      await asked;
      return reads;
    },
  };
}
