/** A worker under test: started, canary-proved, killed, drained and started again. */
import { randomUUID } from "node:crypto";
import type { ResultDocument } from "../../protocol/index.ts";
import type { SessionOptions } from "../ccp/session.ts";
import type { Rig } from "../rig/rig.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import { Peer, Unanswered } from "./peer.ts";
import { newQueue, type WorkerLife } from "./stage.ts";
import { canaryWire } from "./steps/results.ts";

/** Longest time until a worker runs its first task, and until it has finished what it ran. */
const START_MS = 60_000;
const DRAIN_MS = 60_000;
const CLOSED_MS = 100;
/** Longest time until a worker that has others to run beside it runs a task. */
const WELL_MS = 5_000;
/** How often it is looked whether a worker that is to run its first task is still there. */
const LOOK_MS = 1000;

/** What scenarios ask of their worker. */
export type WorkerNeeds = Pick<ScenarioVector, "env" | "canary">;

export class WorkerHouse implements WorkerLife {
  readonly queue: string = newQueue();
  readonly #session: SessionOptions;
  readonly #rig: Rig;
  readonly #needs: WorkerNeeds;
  #peer: Peer | undefined;
  #starting: Promise<void> | undefined;
  #starts = 0;

  constructor(session: SessionOptions, rig: Rig, needs: WorkerNeeds) {
    this.#session = session;
    this.#rig = rig;
    this.#needs = needs;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  /** Whether it runs a good message. One that does not is ended. */
  async isWell(): Promise<boolean> {
    const { starts } = this;
    const id = randomUUID();
    await this.#rig.put(this.queue, canaryWire(id, this.#needs.canary));
    const document = await this.#rig.result(id, "SUCCESS", WELL_MS);
    if (document?.status === "SUCCESS") return true;
    if (starts === this.#starts) await this.kill();
    return false;
  }

  /** Starts it, or again when it has died. Rejects with Unanswered. */
  async ensure(): Promise<void> {
    if (this.#peer !== undefined && !this.#peer.isOver) return;
    this.#starting ??= this.start().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async start(): Promise<void> {
    await this.#rig.declare(this.queue);
    const peer = await Peer.start(this.#session);
    this.#peer = peer;
    this.#starts += 1;
    await peer.configure({ servers: this.#rig.servers, queue: this.queue, env: this.#needs.env });
    await peer.ask({ cmd: "work", queue: this.queue, tasks: "standard" }, START_MS);
    await this.#prove(peer);
  }

  /** Being ready is a claim; a task that was run is a fact. */
  async #prove(peer: Peer): Promise<void> {
    const id = randomUUID();
    await this.#rig.put(this.queue, canaryWire(id, this.#needs.canary));
    const untilMs = Date.now() + START_MS;
    let document: ResultDocument | undefined;
    do document = await this.#rig.result(id, "SUCCESS", LOOK_MS);
    while (document === undefined && !peer.isOver && Date.now() < untilMs);
    if (document?.status === "SUCCESS") return;
    const told =
      document !== undefined
        ? `its result is ${JSON.stringify(document)}`
        : peer.isOver
          ? "it ended"
          : "nothing is stored";
    const said = peer.stderr.trim().slice(-2000);
    throw new Unanswered(
      "error",
      `The worker is ready, but does not run conf.echo("canary"): ${told}.${said === "" ? "" : `\nIts standard error:\n${said}`}`,
    );
  }

  async kill(): Promise<void> {
    if (this.#peer === undefined) return;
    this.#peer.kill();
    await this.#peer.stop();
    // The broker sees that its connections are closed; what it still sends to them would be lost.
    await new Promise((resolve) => setTimeout(resolve, CLOSED_MS));
  }

  async drain(): Promise<void> {
    await this.#peer?.ask({ cmd: "drain" }, DRAIN_MS);
    await this.#peer?.stop();
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#rig.deleteQueue(this.queue);
  }
}
