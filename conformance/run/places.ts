/** Where scenarios are played: with the worker that all share, with one at a time, with one of their own, or with none. */
import type { SessionOptions } from "../ccp/session.ts";
import { Rig } from "../rig/rig.ts";
import { openServers, type ServerChoice } from "../rig/servers.ts";
import { PeerHouse } from "../scenario/peer-house.ts";
import { WorkerHouse, type WorkerNeeds } from "../scenario/worker-house.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import type { Act, Place } from "./play-one.ts";

const NOTHING = { peer: undefined, worker: undefined, gatewayUrl: undefined };

export class SharedWorker implements Place {
  readonly #rig: Rig;
  readonly #worker: WorkerHouse;

  constructor(session: SessionOptions, rig: Rig, needs: WorkerNeeds) {
    this.#rig = rig;
    this.#worker = new WorkerHouse(session, rig, needs);
  }

  async with(_scenario: ScenarioVector, act: Act): Promise<void> {
    await this.#worker.ensure();
    await act({ ...NOTHING, queue: this.#worker.queue }, this.#rig);
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }
}

export class NoWorker implements Place {
  readonly #rig: Rig;
  readonly #peers: PeerHouse;

  constructor(session: SessionOptions, rig: Rig) {
    this.#rig = rig;
    this.#peers = new PeerHouse(session, rig);
  }

  async with(scenario: ScenarioVector, act: Act): Promise<void> {
    await this.#peers.with(scenario, async (part) => void (await act(part, this.#rig)));
  }

  async close(): Promise<void> {
    await this.#peers.close();
  }
}

/** Servers of one's own that are opened and closed here, or those that all share. */
type Home = ServerChoice | Rig;

/** A worker, and where it works. */
interface Household {
  readonly rig: Rig;
  readonly worker: WorkerHouse;
  close(): Promise<void>;
}

async function move(session: SessionOptions, home: Home, needs: WorkerNeeds): Promise<Household> {
  if (home instanceof Rig) {
    const worker = new WorkerHouse(session, home, needs);
    return { rig: home, worker, close: () => worker.close() };
  }
  const servers = await openServers(home);
  const rig = new Rig(servers);
  const worker = new WorkerHouse(session, rig, needs);
  const close = async (): Promise<void> => {
    await worker.close();
    await rig.close();
    await servers.close();
  };
  return { rig, worker, close };
}

/** One worker for a scenario at a time; a new one, on other servers, after one that failed, and for another environment. */
export class LoneWorker implements Place {
  readonly #session: SessionOptions;
  readonly #home: Home;
  #household: Household | undefined;
  #env: string | undefined;

  constructor(session: SessionOptions, home: Home) {
    this.#session = session;
    this.#home = home;
  }

  async with(scenario: ScenarioVector, act: Act): Promise<void> {
    let isRight = false;
    const env = JSON.stringify(scenario.env ?? {});
    if (env !== this.#env) await this.close();
    try {
      this.#env = env;
      this.#household ??= await move(this.#session, this.#home, scenario);
      const { worker, rig } = this.#household;
      await rig.hear(scenario.steps);
      await worker.ensure();
      isRight = await act({ ...NOTHING, queue: worker.queue }, rig);
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
  readonly #home: Home;

  constructor(session: SessionOptions, home: Home) {
    this.#session = session;
    this.#home = home;
  }

  async with(scenario: ScenarioVector, act: Act): Promise<void> {
    const { rig, worker, close } = await move(this.#session, this.#home, scenario);
    try {
      await rig.hear(scenario.steps);
      await worker.start();
      await act({ ...NOTHING, queue: worker.queue, worker }, rig);
    } finally {
      await close();
    }
  }

  /** Each is closed after its scenario. */
  async close(): Promise<void> {}
}
