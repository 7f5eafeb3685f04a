/** Where scenarios are played: with the worker that all share, with one at a time, with one of their own, or with none. */
import { toError } from "../../protocol/index.ts";
import type { SessionOptions } from "../ccp/session.ts";
import type { Rig } from "../rig/rig.ts";
import type { Oracle } from "../scenario/oracle.ts";
import { PeerHouse } from "../scenario/peer-house.ts";
import { WorkerHouse, type WorkerNeeds } from "../scenario/worker-house.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import type { Homes } from "./homes.ts";
import type { Act, Place } from "./play-one.ts";

const NOTHING = { peer: undefined, worker: undefined, gatewayUrl: undefined };

export class SharedWorker implements Place {
  readonly #rig: Rig;
  readonly #worker: WorkerHouse;
  readonly #oracle: Oracle | undefined;
  #trouble: Error | undefined;
  #hasRun = false;

  constructor(session: SessionOptions, rig: Rig, needs: WorkerNeeds, oracle: Oracle | undefined) {
    this.#rig = rig;
    this.#worker = new WorkerHouse(session, rig, needs);
    this.#oracle = oracle;
  }

  /** Resolves to whether it still stands: of the scenarios that a worker died of, or stopped working, one is to blame. */
  async with({ level, recorded }: ScenarioVector, act: Act): Promise<boolean> {
    if (!(await this.#isThere())) return false;
    const { starts, queue } = this.#worker;
    // What other levels are about needs the messages as they were recorded.
    const isProduced = level === "L2" && (await this.#oracle?.isOf(queue, recorded)) === true;
    const oracle = isProduced ? this.#oracle : undefined;
    const isRight = await act({ ...NOTHING, queue, oracle }, this.#rig);
    return isRight || (starts === this.#worker.starts && (await this.#worker.isWell()));
  }

  /** One that never ran anything has no second chance; one that did may fail to start again because of what waits for it. */
  async #isThere(): Promise<boolean> {
    if (this.#trouble !== undefined) throw this.#trouble;
    try {
      await this.#worker.ensure();
      this.#hasRun = true;
      return true;
    } catch (error) {
      if (this.#hasRun) return false;
      this.#trouble = toError(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }
}

export class NoWorker implements Place {
  readonly #rig: Rig;
  readonly #peers: PeerHouse;
  readonly #oracle: Oracle | undefined;

  constructor(session: SessionOptions, rig: Rig, oracle: Oracle | undefined) {
    this.#rig = rig;
    this.#peers = new PeerHouse(session, rig);
    this.#oracle = oracle;
  }

  async with(scenario: ScenarioVector, act: Act): Promise<boolean> {
    const oracle = scenario.role === "producer" ? this.#oracle : undefined;
    await this.#peers.with(scenario, async (part) => void (await act({ ...part, oracle }, this.#rig)));
    return true;
  }

  async close(): Promise<void> {
    await this.#peers.close();
  }
}

/** A worker, and where it works. */
interface Household {
  readonly rig: Rig;
  readonly worker: WorkerHouse;
  close(): Promise<void>;
}

/** Each process of a pool takes its time to start. A worker that runs one scenario after another has one to spare. */
const PROCESSES = { lone: "2", own: "1" };

async function move(
  session: SessionOptions,
  homes: Homes,
  { canary, env }: WorkerNeeds,
  processes: string,
): Promise<Household> {
  const needs = { ...(canary !== undefined && { canary }), env: { CONF_CONCURRENCY: processes, ...env } };
  const { rig, close: leave } = await homes.open();
  const worker = new WorkerHouse(session, rig, needs);
  return { rig, worker, close: () => worker.close().finally(leave) };
}

/** One worker for a scenario at a time; a new one, on other servers, after one that failed, and for another environment. */
export class LoneWorker implements Place {
  readonly #session: SessionOptions;
  readonly #homes: Homes;
  #household: Household | undefined;
  #env: string | undefined;

  constructor(session: SessionOptions, homes: Homes) {
    this.#session = session;
    this.#homes = homes;
  }

  async with(scenario: ScenarioVector, act: Act): Promise<boolean> {
    let isRight = false;
    const env = JSON.stringify(scenario.env ?? {});
    if (env !== this.#env) await this.close();
    try {
      this.#env = env;
      this.#household ??= await move(this.#session, this.#homes, scenario, PROCESSES.lone);
      const { worker, rig } = this.#household;
      await rig.hear(scenario.steps);
      await worker.ensure();
      isRight = await act({ ...NOTHING, queue: worker.queue }, rig);
      return true;
    } finally {
      // What it was given may still lie in its queue.
      if (!isRight) await this.close();
    }
  }

  async close(): Promise<void> {
    const household = this.#household;
    this.#household = undefined;
    await household?.close();
  }
}

/** A worker for each scenario, with the environment that it asks for. */
export class OwnWorkers implements Place {
  readonly #session: SessionOptions;
  readonly #homes: Homes;

  constructor(session: SessionOptions, homes: Homes) {
    this.#session = session;
    this.#homes = homes;
  }

  async with(scenario: ScenarioVector, act: Act): Promise<boolean> {
    const { rig, worker, close } = await move(this.#session, this.#homes, scenario, PROCESSES.own);
    try {
      await rig.hear(scenario.steps);
      await worker.start();
      await act({ ...NOTHING, queue: worker.queue, worker }, rig);
      return true;
    } finally {
      await close();
    }
  }

  /** Each is closed after its scenario. */
  async close(): Promise<void> {}
}
