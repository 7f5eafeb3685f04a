import { fireId } from "../../beat/index.ts";
import type { GuardedProcess } from "../../test/helpers/services-process.ts";
import type { Fault, Findings } from "../lib/fault.ts";
import type { Scene } from "../lib/scene.ts";

/** Seconds between two runs. */
const EVERY = 0.5;
const ENTRY = "tick";
const LOCK_NAME = "celery";
/** Until another beat leads. */
const TAKEOVER_LIMIT = 10;
/** How long a leader that was stopped is watched after it has been woken. */
const AWAKE_MS = 3000;

/** Tasks of a load for each run, and for each time that the leader is broken: 100 runs and 6 times by default. */
const TASKS_PER_RUN = 4;
const TASKS_PER_BREAK = 70;
const FEWEST_BREAKS = 2;

/** Two beats share a lock; the leader dies or sleeps at random moments, and no run may be missed or sent twice. */
export const leaderDies: Fault = {
  name: "F25",
  what: `kill -9 or SIGSTOP of the leading one of two beats, again and again, one run each ${EVERY} s; then SIGCONT`,
  brokers: ["redis", "rabbitmq", "sqlite"],
  async run(scene) {
    const { tasks } = scene.options;
    const breaks = Math.max(FEWEST_BREAKS, Math.ceil(tasks / TASKS_PER_BREAK));
    const worker = await scene.startWorker();
    const crowd = new Crowd(scene);
    await crowd.start();
    const takeovers: number[] = [];
    let sentAwake = 0;
    for (let count = 0; count < breaks; count += 1) {
      await scene.pause(1000 + scene.random.below(2000));
      // A process that is stopped while it has the lock of a SQLite file stops everybody.
      const stops = count % 2 === 1 && scene.broker !== "sqlite";
      const broken = stops ? await crowd.stopLeader() : await crowd.killLeader();
      takeovers.push(broken.seconds);
      sentAwake += broken.sentAwake;
    }
    await scene.untilStarted(Math.ceil(tasks / TASKS_PER_RUN));
    await crowd.end();
    for (const id of crowd.expectedIds()) scene.ledger.accepted.add(id);
    await scene.settled();
    return findings(breaks, takeovers, sentAwake, await scene.running(worker));
  },
};

function findings(
  breaks: number,
  takeovers: readonly number[],
  sentAwake: number,
  isRunning: boolean,
): Findings {
  return {
    broken: { times: breaks, what: "kill -9 or SIGSTOP of the leading beat" },
    duplicates: 0,
    recovery: { seconds: Math.max(...takeovers), limit: TAKEOVER_LIMIT },
    checks: [
      { what: "runs that a woken leader sent", value: sentAwake, limit: 0 },
      { what: "workers that ended", value: isRunning ? 0 : 1, limit: 0 },
    ],
  };
}

interface Broken {
  readonly seconds: number;
  readonly sentAwake: number;
}

/** Two beats, of which one leads. */
class Crowd {
  readonly #scene: Scene;
  readonly #all: GuardedProcess[] = [];
  #leader: GuardedProcess | undefined;
  #other: GuardedProcess | undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async start(): Promise<void> {
    this.#leader = await this.#launch();
    await this.#leader.waitForOutput(LEADS);
    await this.#scene.untilStarted(1);
    this.#other = await this.#launch();
  }

  async #launch(): Promise<GuardedProcess> {
    const schedule = {
      [ENTRY]: { task: "fault.work", schedule: EVERY, args: [this.#scene.ledger.file, 0.01], catchUp: "all" },
    };
    const beat = await this.#scene.startBeat(
      ["--lock", this.#scene.options.place.url, "--log-format", "json"],
      { CELERY_BEAT_SCHEDULE: JSON.stringify(schedule), CELERY_BEAT_LOCK_NAME: LOCK_NAME },
    );
    this.#all.push(beat);
    return beat;
  }

  async killLeader(): Promise<Broken> {
    const { leader } = this.#pair();
    const atMs = Date.now();
    await leader.kill();
    return { seconds: await this.#succeed(atMs), sentAwake: 0 };
  }

  async stopLeader(): Promise<Broken> {
    const { leader } = this.#pair();
    leader.signal("SIGSTOP");
    const atMs = Date.now();
    const seconds = await this.#succeed(atMs);
    await this.#scene.pause(AWAKE_MS);
    // What it had written before it was stopped has been read by now.
    const before = instantsSent(leader).length;
    leader.signal("SIGCONT");
    await this.#scene.pause(AWAKE_MS);
    const sentAwake = instantsSent(leader).length - before;
    await leader.stop();
    return { seconds, sentAwake };
  }

  /** The other one leads, and a new one waits. Resolves to the seconds it took. */
  async #succeed(atMs: number): Promise<number> {
    const { other } = this.#pair();
    await other.waitForOutput(LEADS);
    const seconds = (Date.now() - atMs) / 1000;
    this.#leader = other;
    this.#other = await this.#launch();
    return seconds;
  }

  async end(): Promise<void> {
    const { leader, other } = this.#pair();
    await other.stop();
    await leader.stop();
  }

  /** Of all runs from the first to the last that any beat has sent: those that were not are lost, and others are strangers. */
  expectedIds(): string[] {
    const sent = this.#all.flatMap(instantsSent);
    const ids: string[] = [];
    for (let atMs = Math.min(...sent); atMs <= Math.max(...sent); atMs += EVERY * 1000)
      ids.push(fireId(LOCK_NAME, ENTRY, atMs));
    return ids;
  }

  #pair(): { readonly leader: GuardedProcess; readonly other: GuardedProcess } {
    if (this.#leader === undefined || this.#other === undefined)
      throw new Error("The beats have not started.");
    return { leader: this.#leader, other: this.#other };
  }
}

const LEADS = /Beat leads/;

/** The instants of the runs that a beat says it has sent. A killed one may have kept its last from us. */
function instantsSent(beat: GuardedProcess): number[] {
  return [...beat.output().matchAll(/"dueAtMs":(\d+)/g)].map(([, instant]) => Number(instant));
}
