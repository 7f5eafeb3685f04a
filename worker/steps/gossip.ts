/**
 * What workers learn from each other's events: who is there, what the time is, and who does what only one may do.
 * Source: celery/worker/consumer/gossip.py of 5.7.
 */
import { type App, eventQueue, type LamportClock, toSendOptions } from "../../app/index.ts";
import { decodeBody } from "../../codecs/index.ts";
import { isPlainObject, type PlainObject, parseSignature } from "../../protocol/index.ts";
import type { Connection, Consumer, Delivery } from "../../transports/index.ts";
import type { Bootstep } from "../bootstep.ts";
import type { EventSender } from "../events.ts";
import { isInCompany } from "./company.ts";

/** How often silent nodes are looked for, in milliseconds. */
const CHECK_MS = 5000;
/** A node that sends no heartbeat for so many of its intervals is gone. */
const MISSED_HEARTBEATS = 2;
/** Most nodes and elections that are remembered: strangers may send events. */
const MAX_NODES = 5000;
const MAX_ELECTIONS = 1000;

export const gossipStep: Bootstep = {
  name: "gossip",
  requires: ["mingle"],
  async start(worker) {
    const { connection, events } = worker.requireParts();
    const type = connection.capabilities.eventExchangeType;
    if (type === undefined || !isInCompany(worker)) return;
    const { app, hostname, clock, logger } = worker;
    const onNode: GossipOptions["onNode"] = (node, what) => logger?.debug({ node }, `${node} ${what}`);
    worker.gossip = new Gossip({ app, connection, hostname, clock, events, onNode });
    await worker.gossip.start(type);
  },
  async stop(worker) {
    await worker.gossip?.stop();
  },
};

export interface GossipOptions {
  readonly app: App;
  readonly connection: Connection;
  readonly hostname: string;
  readonly clock: LamportClock;
  readonly events: EventSender;
  /** A node came, said goodbye, or fell silent. */
  readonly onNode: (node: string, what: "joined" | "left" | "lost") => void;
}

interface Election {
  readonly candidates: {
    readonly clock: number;
    readonly node: string;
    readonly topic: string;
    readonly action: unknown;
  }[];
  /** undefined in workers that did not start it. */
  acks: string[] | undefined;
}

interface Node {
  /** When it counts as gone if it is silent from now on, in milliseconds since 1970. */
  readonly goneAtMs: number;
  /** Decides elections as this worker does; Celery's own decide earlier. */
  readonly isOurs: boolean;
}

export class Gossip {
  readonly #options: GossipOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #elections = new Map<string, Election>();
  #consumer: Consumer | undefined;
  #listening: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  /** Other workers that are alive. */
  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  async start(type: "topic" | "fanout"): Promise<void> {
    const { connection, app } = this.#options;
    const queue = eventQueue(app.settings, type, "worker.#");
    await connection.declareQueue(queue);
    const consumer = connection.consume([queue], { prefetch: 0, noAck: true });
    this.#consumer = consumer;
    this.#listening = (async () => {
      for await (const deliveries of consumer) for (const delivery of deliveries) await this.#take(delivery);
    })().catch((error: unknown) => app.onWarning("The events of other workers cannot be followed", error));
    this.#timer = setInterval(() => this.#forgetSilent(), CHECK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#consumer?.close();
    await this.#listening;
  }

  /** Finds one worker of all that does the action; topic `task` has a signature that is sent once. */
  elect(id: string, topic: string, action: PlainObject | null): void {
    const election = this.#election(id);
    // Who has acknowledged another candidate before it stood itself stays out: the others may have decided without it.
    // So its acknowledgement says that it is no candidate, or that one has heard of it: all that decide know the same.
    if (election.candidates.length > 0 && this.#isAmongOurs()) return;
    election.acks = [];
    this.#options.events.send("worker-elect", { id, topic, action, cver: 1 });
  }

  #election(id: string): Election {
    const known = this.#elections.get(id);
    if (known !== undefined) return known;
    const [oldest] = this.#elections.keys();
    if (this.#elections.size >= MAX_ELECTIONS && oldest !== undefined) this.#elections.delete(oldest);
    const election: Election = { candidates: [], acks: undefined };
    this.#elections.set(id, election);
    return election;
  }

  async #take({ message }: Delivery): Promise<void> {
    if (message === undefined) return;
    const { app, hostname } = this.#options;
    const { codecs, settings } = app;
    const limits = { maxBytes: settings.messageMaxBytes, maxDepth: settings.messageMaxDepth };
    try {
      const event = await decodeBody(message, {
        codecs,
        accept: [...settings.acceptContent, "json"],
        limits,
      });
      if (!isPlainObject(event)) return;
      const sender = event["hostname"];
      if (typeof sender !== "string" || sender.length > 255) return;
      if (event["type"] === "worker-elect") return this.#onElect(event, sender);
      if (event["type"] === "worker-elect-ack") return this.#onAck(event, sender);
      if (sender === hostname) this.#options.clock.forward();
      else this.#onNews(event, sender);
    } catch (error) {
      app.onWarning("An event of another worker cannot be read", error);
    }
  }

  #onNews(event: PlainObject, node: string): void {
    const { clock, onNode } = this.#options;
    clock.adjust(event["clock"]);
    if (event["type"] === "worker-offline") {
      if (this.#nodes.delete(node)) onNode(node, "left");
      return;
    }
    const { freq, sw_ident: software } = event;
    const seconds = typeof freq === "number" && freq > 0 && freq <= 3600 ? freq : 60;
    if (!this.#nodes.has(node)) {
      if (this.#nodes.size >= MAX_NODES) return;
      onNode(node, "joined");
    }
    const goneAtMs = Date.now() + MISSED_HEARTBEATS * seconds * 1000;
    this.#nodes.set(node, { goneAtMs, isOurs: software === "celerity" });
  }

  #forgetSilent(): void {
    const nowMs = Date.now();
    for (const [node, { goneAtMs }] of this.#nodes) {
      if (goneAtMs > nowMs) continue;
      this.#nodes.delete(node);
      this.#options.onNode(node, "lost");
    }
  }

  #onElect({ id, clock, pid, topic, action }: PlainObject, sender: string): void {
    if (typeof id !== "string" || typeof clock !== "number" || typeof topic !== "string") return;
    this.#election(id).candidates.push({ clock, node: `${sender}.${String(pid)}`, topic, action });
    this.#options.events.send("worker-elect-ack", { id });
  }

  #onAck({ id }: PlainObject, sender: string): void {
    const election = typeof id === "string" ? this.#elections.get(id) : undefined;
    if (election?.acks === undefined || typeof id !== "string") return;
    election.acks.push(sender);
    if (!this.#isDecided(election.candidates.length, election.acks)) return;
    this.#elections.delete(id);
    const [first] = election.candidates.sort(
      (one, other) => one.clock - other.clock || (one.node < other.node ? -1 : 1),
    );
    if (first?.node !== `${this.#options.hostname}.${process.pid}`) return;
    if (first.topic === "task") this.#sendTask(first.action);
  }

  /**
   * Workers of this kind wait until all have acknowledged. Celery's count acknowledgements, of any candidate, and stop at
   * the number of other workers: beside those, this one must stop where they do, or two would win.
   */
  #isDecided(candidates: number, acks: readonly string[]): boolean {
    if (this.#isAmongOurs()) return new Set(acks).size > this.#nodes.size;
    return candidates > 1 && acks.length >= this.#nodes.size;
  }

  #isAmongOurs(): boolean {
    return [...this.#nodes.values()].every(({ isOurs }) => isOurs);
  }

  #sendTask(action: unknown): void {
    const { app } = this.#options;
    if (app.sealing.mode === "require") {
      // Events are not sealed: anybody could have this worker seal a task of theirs.
      app.onWarning(
        'The task of an election was not sent: events have no seal, and messageSealing is "require"',
      );
      return;
    }
    try {
      const signature = parseSignature(action, "action");
      app.sendTask(signature.task, toSendOptions(signature)).catch((error: unknown) => {
        app.onWarning("The task of an election could not be sent", error);
      });
    } catch (error) {
      app.onWarning("The task of an election is no signature", error);
    }
  }
}
