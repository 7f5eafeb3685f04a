import { request } from "undici";
import { type Answer, checkAnswers } from "../lib/answers.ts";
import { WORKERS } from "../lib/broken-broker.ts";
import { Door } from "../lib/door.ts";
import type { Check, Fault } from "../lib/fault.ts";
import type { Scene } from "../lib/scene.ts";

const GATEWAYS = 2;
/** Callers, who rest between two tasks of no length: workers keep up with them. */
const CALLERS = 16;
const REST_MS = 20;
/** Tasks of the load for each death of a gateway: 6 deaths by default. */
const TASKS_PER_DEATH = 70;
const FEWEST_DEATHS = 2;
/** Of each round, beside what comes one by one until the dead gateway is back. */
const BATCH = 40;
const HELD_TASKS = 4;
/** Longer than half of the visibility timeout below, so that gateways hold them; RabbitMQ holds them itself. */
const DELAY_SECONDS = 6;
/** A task that is followed while its gateway dies. */
const FOLLOWED_SECONDS = 4;
/** The killed one is away for so long. */
const AWAY_MS = 1000;
/** Keys that are repeated in the end. */
const REPEATED = 16;

/** What was done with one key, or seen of one task. */
interface Round {
  readonly batch: readonly string[];
  readonly again: readonly string[];
  readonly held: readonly string[];
  readonly followed: Followed;
}

/** An event stream that was cut, and went on elsewhere. */
interface Followed {
  readonly events: readonly string[];
  readonly cuts: number;
}

/** Two gateways with one memory; one after the other dies, and nobody who asks again notices more than a pause. */
export const gatewayDies: Fault = {
  name: "G1",
  what: "two gateways on one Redis; kill -9 of one under load, again and again",
  brokers: ["redis", "rabbitmq"],
  cases: [
    { name: "", brokers: ["redis"], transportOptions: { visibilityTimeout: 8 } },
    { name: "", brokers: ["rabbitmq"] },
  ],
  async run(scene) {
    const { place, tasks } = scene.options;
    const deaths = Math.max(FEWEST_DEATHS, Math.ceil(tasks / TASKS_PER_DEATH));
    const [door, ...workers] = await Promise.all([
      Door.open(scene, { count: GATEWAYS, args: ["--state", place.resultsUrl] }),
      ...Array.from({ length: WORKERS }, () => scene.startWorker()),
    ]);
    const rounds: Round[] = [];
    for (let count = 0; count < deaths; count += 1) {
      const kill = killOne(scene, door);
      const round = runRound(scene, door, kill);
      rounds.push((await Promise.all([round, kill]))[0]);
    }
    await scene.settled();
    await repeatSome(scene, door);
    await scene.settled();
    return {
      broken: { times: deaths, what: "kill -9 of a gateway" },
      // What a dead one had published, and not yet noted, its successor publishes again.
      duplicates: deaths * (CALLERS + BATCH),
      checks: [
        ...checkAnswers(door.answers),
        ...checkRounds(rounds),
        checkHeld(
          rounds.flatMap(({ held }) => held),
          scene.ledger.notes("start"),
          deaths,
        ),
        { what: "workers that ended", value: await scene.endedOf(workers), limit: 0 },
      ],
      remark: describe(scene, door.answers, rounds),
    };
  },
};

async function killOne(scene: Scene, door: Door): Promise<void> {
  await scene.pause(200 + scene.random.below(400));
  const victim = scene.random.below(GATEWAYS);
  await door.kill(victim);
  await scene.pause(AWAY_MS);
  await door.restart(victim);
}

async function runRound(scene: Scene, door: Door, kill: Promise<void>): Promise<Round> {
  let isOver = false;
  const over = kill.finally(() => {
    isOver = true;
  });
  const call = async (): Promise<void> => {
    for (; !isOver; await scene.pause(REST_MS))
      await door.submit(door.newKey(), { args: [scene.ledger.file, 0] });
  };
  const bodies = Array.from({ length: BATCH }, () => door.bodyOf({}));
  const batchKey = door.newKey();
  const [batch, held, followed] = await Promise.all([
    door.submitBatch(batchKey, bodies),
    door.send(HELD_TASKS, { delay: DELAY_SECONDS }),
    follow(scene, door),
    ...Array.from({ length: CALLERS }, call),
    over,
  ]);
  return { batch, again: await door.submitBatch(batchKey, bodies), held, followed };
}

/** Follows one task to its end, at the next gateway whenever a stream breaks off. */
async function follow(scene: Scene, door: Door): Promise<Followed> {
  const id = await door.submit(door.newKey(), { args: [scene.ledger.file, FOLLOWED_SECONDS] });
  const events: string[] = [];
  let lastId = "0";
  for (let at = 0; ; at += 1) {
    const stream = await readStream(`${door.urlOf(at)}/v1/tasks/${id}/events`, lastId);
    for (const [, name, value = ""] of stream.matchAll(/^(id|event): (.*)\n/gm)) {
      if (name === "id") lastId = value;
      else events.push(value);
    }
    if (events.includes("end")) return { events, cuts: at };
    await scene.pause(200);
  }
}

/** What came before it ended, or broke off. */
async function readStream(url: string, lastId: string): Promise<string> {
  let text = "";
  try {
    const { body } = await request(url, { headers: { "last-event-id": lastId } });
    for await (const chunk of body.setEncoding("utf8")) text += String(chunk);
  } catch {
    // Its gateway is gone; the other one goes on.
  }
  return text;
}

/** Repeats keys of before: the same ids must come back. */
async function repeatSome(scene: Scene, door: Door): Promise<void> {
  const keys = door.answers.filter(({ status }) => status === 202).map(({ key }) => key);
  const some = new Set(Array.from({ length: REPEATED }, () => scene.random.pick(keys)));
  await Promise.all([...some].map((key) => door.repeat(key)));
}

function byKey(answers: readonly Answer[]): Map<string, Answer[]> {
  const keys = new Map<string, Answer[]>();
  for (const answer of answers) {
    const ofKey = keys.get(answer.key);
    if (ofKey === undefined) keys.set(answer.key, [answer]);
    else ofKey.push(answer);
  }
  return keys;
}

/** How the callers fared. */
function describe({ ledger }: Scene, answers: readonly Answer[], rounds: readonly Round[]): string {
  const count = (status: number): number => answers.filter((answer) => answer.status === status).length;
  const waits = [...byKey(answers).values()].map((ofKey) => {
    const accepted = ofKey.find(({ status }) => status === 202);
    return (accepted?.answeredAtMs ?? 0) - (ofKey[0]?.sentAtMs ?? 0);
  });
  const cuts = rounds.reduce((sum, { followed }) => sum + followed.cuts, 0);
  return [
    `${count(0)} requests broke off, ${count(409)} were told that another was under way`,
    `the longest way to a 202 took ${(Math.max(...waits) / 1000).toFixed(1)} s`,
    `${ledger.repeated("start")} tasks started again`,
    `${cuts} event streams went on elsewhere`,
  ].join("; ");
}

/** A batch that is repeated has the ids that it had, and every stream comes to its end. */
export function checkRounds(rounds: readonly Round[]): Check[] {
  const changed = rounds.filter(({ batch, again }) => batch.join() !== again.join());
  const odd = rounds.filter(({ followed: { events } }) => !isWhole(events));
  return [
    { what: "batches with other ids when repeated", value: changed.length, limit: 0 },
    { what: "event streams that miss something", value: odd.length, limit: 0 },
  ];
}

/** Who comes again is told the state once more; an end is told once. */
function isWhole(events: readonly string[]): boolean {
  const ends = events.filter((event) => event === "end").length;
  return events.includes("state") && events.includes("result") && ends === 1;
}

/** Tasks that were sent more than once: a gateway may have died between sending one and noting it. */
export function checkHeld(
  ids: readonly string[],
  starts: readonly { readonly id: string }[],
  deaths: number,
): Check {
  const held = new Set(ids);
  const times = starts.filter(({ id }) => held.has(id)).length;
  return { what: "held tasks sent twice", value: times - held.size, limit: deaths };
}
