/** What the broker says of the queues that callers may name: the app's, those of the options, and their dead letters. */
import { type App, DEAD_LETTER_HEADERS, deadLetterQueue } from "../../app/index.ts";
import type { WireMessage } from "../../protocol/index.ts";
import { type Caller, fromQueue, toQueue } from "../access/caller.ts";
import { Problem } from "../problems.ts";
import { timeOfTaskId } from "../task-id.ts";

/** null is what the broker cannot say. */
export interface QueueState {
  readonly name: string;
  /** Messages waiting. */
  readonly ready: number;
  /** Messages that consumers hold. */
  readonly unacked: number | null;
  /** Messages that wait for their time. */
  readonly scheduled: number | null;
  readonly consumers: number | null;
  /** Seconds since the message that is served next was sent. */
  readonly oldestAgeSeconds: number | null;
  /** Its dead letters; null for a queue of dead letters. */
  readonly dead: number | null;
}

export interface QueueBookOptions {
  readonly app: App;
  /** Beside those that the app's settings name. */
  readonly queues: readonly string[];
}

/** However many ask, the broker is asked about a queue once in this time. */
const ANSWER_AGE_MS = 1000;

interface Answer {
  readonly askedAtMs: number;
  readonly state: Promise<QueueState>;
}

export class QueueBook {
  /** Names of queues for tasks, in order. */
  readonly names: readonly string[];
  readonly #app: App;
  readonly #dead: ReadonlySet<string>;
  readonly #answers = new Map<string, Answer>();

  constructor({ app, queues }: QueueBookOptions) {
    this.#app = app;
    const known = app.router.knownQueues.map(({ name }) => name);
    this.names = [...new Set([...known, ...queues])].sort();
    this.#dead = new Set(this.names.map((name) => deadLetterQueue(name).name));
  }

  /** Those that the caller may use, by their names at the broker. */
  visibleTo(caller: Caller): readonly string[] {
    return this.names.filter((name) => this.isOpenTo(caller, name));
  }

  /** Whether the caller may use the queue of this name at the broker. */
  isOpenTo(caller: Caller, name: string): boolean {
    return name.startsWith(caller.queuePrefix) && caller.mayUseQueue(fromQueue(caller, name));
  }

  /**
   * The name at the broker of a queue for tasks, as the caller calls it. Throws Problem `unknown-queue` for one that does
   * not exist, or not for this caller.
   */
  requireTasks(caller: Caller, called: string): string {
    const name = toQueue(caller, called);
    if (!this.names.includes(name) || !caller.mayUseQueue(called)) throw unknownQueue(called);
    return name;
  }

  /** The same for a queue for tasks or for dead letters. */
  require(caller: Caller, called: string): string {
    const name = toQueue(caller, called);
    const owner = this.names.find((one) => deadLetterQueue(one).name === name);
    if (owner === undefined) return this.requireTasks(caller, called);
    if (!this.isOpenTo(caller, owner)) throw unknownQueue(called);
    return name;
  }

  /** A queue as it was within the last second. */
  get(name: string): Promise<QueueState> {
    const known = this.#answers.get(name);
    return known !== undefined && performance.now() - known.askedAtMs < ANSWER_AGE_MS
      ? known.state
      : this.look(name);
  }

  /** A queue as it is now. */
  look(name: string): Promise<QueueState> {
    const state = this.#ask(name);
    const answer = { askedAtMs: performance.now(), state };
    this.#answers.set(name, answer);
    state.catch(() => {
      if (this.#answers.get(name) === answer) this.#answers.delete(name);
    });
    return state;
  }

  /** Removes what waits; resolves with how much that was. */
  async purge(name: string): Promise<number> {
    const count = await (await this.#app.connection()).purgeQueue(name);
    this.#answers.clear();
    return count;
  }

  async #ask(name: string): Promise<QueueState> {
    const connection = await this.#app.connection();
    const [facts, dead, page] = await Promise.all([
      connection.queueFacts(name),
      this.#dead.has(name) ? null : connection.queueSize(deadLetterQueue(name).name),
      connection.peekQueue(name, { offset: 0, limit: 1 }),
    ]);
    const sentAtMs = sentTime(page?.[0]);
    return {
      name,
      ready: facts.ready,
      unacked: facts.unacked ?? null,
      scheduled: facts.scheduled ?? null,
      consumers: facts.consumers ?? null,
      oldestAgeSeconds: sentAtMs === undefined ? null : Math.max(0, Date.now() - sentAtMs) / 1000,
      dead,
    };
  }
}

/** Celery's messages do not say when they were sent: dead letters do, and ids that are made of the time. */
function sentTime(message: WireMessage | undefined): number | undefined {
  if (message === undefined) return undefined;
  const diedAtMs = Date.parse(String(message.headers[DEAD_LETTER_HEADERS.at]));
  if (!Number.isNaN(diedAtMs)) return diedAtMs;
  const { id } = message.headers;
  return typeof id === "string" ? timeOfTaskId(id) : undefined;
}

function unknownQueue(name: string): Problem {
  return new Problem("unknown-queue", { members: { name } });
}
