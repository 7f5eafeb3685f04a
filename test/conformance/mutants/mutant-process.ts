/** One process of the adapter that has faults: worker, producer and reader at once, told before each scenario which fault is its own. */
import { fileURLToPath } from "node:url";
import { NO_ALLOWANCES, type ScenarioVector, verdictOfPlay } from "../../../conformance/index.ts";
import { Rig } from "../../../conformance/rig/rig.ts";
import { openServers, type Servers } from "../../../conformance/rig/servers.ts";
import { freshen } from "../../../conformance/scenario/fresh.ts";
import { Peer } from "../../../conformance/scenario/peer.ts";
import { play } from "../../../conformance/scenario/play.ts";
import { newQueue, type Stage } from "../../../conformance/scenario/stage.ts";
import { MUTANT_VARIABLE } from "./live-mutant.ts";

const ADAPTER = fileURLToPath(new URL("adapter.ts", import.meta.url));
/** Longest time until something happens that is to happen. */
const PATIENCE_MS = 30_000;
/** How long something is waited for that a fault keeps from happening. */
const LOSS_MS = 400;

export const ADAPTER_WITH_FAULTS: readonly [string, ...string[]] = [
  process.execPath,
  "--import",
  "tsx",
  ADAPTER,
];

/** Tasks run in the process itself, so that it can be told another fault while it works. */
const ENV = { CONF_POOL: "async", CONF_CONCURRENCY: "8" };

export interface PlayOptions {
  /** The fault; undefined: none. */
  readonly mutant?: string;
  /** The number of the step, from 0, that waits for what never comes. */
  readonly vainStep?: number | undefined;
}

export class MutantProcess {
  readonly #servers: Servers;
  readonly #rig: Rig;
  readonly #queue = newQueue();
  #peer: Peer | undefined;

  private constructor(servers: Servers) {
    this.#servers = servers;
    this.#rig = new Rig(servers);
  }

  static async start(vectors: readonly ScenarioVector[]): Promise<MutantProcess> {
    const started = new MutantProcess(await openServers({}));
    await started.#rig.hear(vectors.flatMap(({ steps }) => steps));
    await started.#rig.declare(started.#queue);
    await started.#worker();
    return started;
  }

  /** Another one when a fault ended it. */
  async #worker(): Promise<Peer> {
    if (this.#peer !== undefined && !this.#peer.isOver) return this.#peer;
    const peer = await Peer.start({ command: ADAPTER_WITH_FAULTS, timeoutMs: 2 * PATIENCE_MS });
    this.#peer = peer;
    await peer.configure({ servers: this.#servers, queue: this.#queue, env: ENV });
    await peer.ask({ cmd: "work", queue: this.#queue, tasks: "standard" });
    return peer;
  }

  /** The status of a scenario and what its verdict says. */
  async play(vector: ScenarioVector, { mutant = "", vainStep }: PlayOptions = {}): Promise<string> {
    const peer = await this.#worker();
    const queue = vector.worker === "none" ? newQueue() : this.#queue;
    await this.#rig.declare(queue);
    await peer.configure({ servers: this.#servers, queue, env: { ...ENV, [MUTANT_VARIABLE]: mutant } });
    const { steps, ids } = freshen(vector, Date.now());
    const transcript: string[] = [];
    const stage: Stage & { timeoutMs: number } = {
      rig: this.#rig,
      queue,
      peer,
      worker: undefined,
      gatewayUrl: undefined,
      ids: new Map(ids),
      given: new Map(),
      saved: new Map(),
      canary: vector.canary,
      timeoutMs: PATIENCE_MS,
      note: (line) => {
        transcript.push(line);
        if (vainStep !== undefined && line.startsWith(`step ${vainStep + 1}:`)) stage.timeoutMs = LOSS_MS;
      },
      see: () => undefined,
    };
    const differences = await play(
      steps.map((step, at) =>
        at === vainStep && step.do === "await" ? { ...step, withinMs: LOSS_MS } : step,
      ),
      stage,
    );
    const played = { differences, transcript, tookMs: 0 };
    const { status, message } = verdictOfPlay(vector, played, NO_ALLOWANCES);
    return `${status} ${message}`;
  }

  async stop(): Promise<void> {
    this.#peer?.kill();
    await this.#rig.close();
    await this.#servers.close();
  }
}
