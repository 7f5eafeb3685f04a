/** The adapter of scenarios without a worker: one process for those without an environment of their own. */
import type { SessionOptions } from "../ccp/session.ts";
import type { Rig } from "../rig/rig.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import { Peer } from "./peer.ts";
import { newQueue, type Part } from "./stage.ts";

export class PeerHouse {
  readonly #session: SessionOptions;
  readonly #rig: Rig;
  #peer: Peer | undefined;
  #gateway: { readonly peer: Peer; readonly part: Part } | undefined;

  constructor(session: SessionOptions, rig: Rig) {
    this.#session = session;
    this.#rig = rig;
  }

  /** Hands a process that is configured for a queue of the scenario's own. Rejects with Unanswered. */
  async with(scenario: ScenarioVector, act: (part: Part) => Promise<void>): Promise<void> {
    if (scenario.role === "gateway") return await act(await this.#gatewayFor(scenario));
    const queue = newQueue();
    const isOwn = scenario.env !== undefined;
    if (isOwn || this.#peer === undefined || this.#peer.isOver) {
      const started = await Peer.start(this.#session);
      if (!isOwn) this.#peer = started;
      try {
        await this.#use(started, queue, scenario, act);
      } finally {
        if (isOwn) await started.stop();
      }
    } else await this.#use(this.#peer, queue, scenario, act);
  }

  async #use(
    peer: Peer,
    queue: string,
    { env }: ScenarioVector,
    act: (part: Part) => Promise<void>,
  ): Promise<void> {
    await this.#rig.declare(queue);
    try {
      await peer.configure({ servers: this.#rig.servers, queue, env });
      await act({ queue, peer, worker: undefined, gatewayUrl: undefined });
    } finally {
      await this.#rig.deleteQueue(queue);
    }
  }

  /** All scenarios of the gateway share one, with one queue. */
  async #gatewayFor({ env }: ScenarioVector): Promise<Part> {
    if (this.#gateway !== undefined && !this.#gateway.peer.isOver) {
      const { part } = this.#gateway;
      // Without what the scenario before it left there.
      await this.#rig.deleteQueue(part.queue);
      await this.#rig.declare(part.queue);
      return part;
    }
    const queue = newQueue();
    await this.#rig.declare(queue);
    const peer = await Peer.start(this.#session);
    await peer.configure({ servers: this.#rig.servers, queue, env });
    const { url } = await peer.ask({ cmd: "serve" });
    const part = { queue, peer, worker: undefined, gatewayUrl: String(url) };
    this.#gateway = { peer, part };
    return part;
  }

  async close(): Promise<void> {
    await Promise.all([this.#peer?.stop(), this.#gateway?.peer.stop()]);
    if (this.#gateway !== undefined) await this.#rig.deleteQueue(this.#gateway.part.queue);
  }
}
