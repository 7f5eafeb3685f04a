/**
 * What workers answer when they are asked about themselves. Questions of many callers within a few seconds are one:
 * who comes while it runs waits for its answers, who comes soon after gets them as they are.
 */
import { type App, ask } from "../../app/index.ts";
import { isPlainObject, type PlainObject, setOwn } from "../../protocol/index.ts";

/** Answers of one worker, under the names of the commands. */
export interface WorkerAnswers {
  readonly byCommand: PlainObject;
  /** When the newest came, in milliseconds since 1970. */
  readonly atMs: number;
  /** When it last told of its tasks; undefined: never. */
  readonly tasksAtMs?: number;
}

export interface InspectionOptions {
  readonly app: App;
  /** Workers that are heard of, by node name. */
  readonly alive: () => readonly string[];
}

/** Asked of all workers. */
const FLEET_COMMANDS = ["stats", "active_queues", "registered", "conf"] as const;
/** Asked of one worker only, since lists of tasks can be long. */
const TASK_COMMANDS = ["scheduled", "active", "reserved", "revoked"] as const;

/** How old answers may be, in milliseconds. */
const FRESH_MS = 3000;
/** How often workers are looked for that nobody hears of, in milliseconds. */
export const SEARCH_MS = 60_000;
/** How long answers are awaited, in milliseconds; Flower's inspect_timeout. */
const TIMEOUT_MS = 1000;
/** As many as the state of a cluster remembers. */
const MAX_WORKERS = 5000;
/** Names of tasks that are remembered. */
const MAX_TASKS = 100_000;

export class Inspection {
  readonly #options: InspectionOptions;
  readonly #workers = new Map<string, WorkerAnswers>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #tasks = new Set<string>();
  #askedAtMs = 0;
  #wasAsked = false;
  #searchedAtMs = 0;
  #expiredAtMs = 0;

  constructor(options: InspectionOptions) {
    this.#options = options;
  }

  /** By node name: all that ever answered. */
  get workers(): ReadonlyMap<string, WorkerAnswers> {
    return this.#workers;
  }

  /** Names of the tasks that workers have, those that are gone included. */
  get tasks(): ReadonlySet<string> {
    return this.#tasks;
  }

  /** Whether anybody was asked so far, and whoever is there has had time to answer. */
  get wasAsked(): boolean {
    return this.#wasAsked;
  }

  /** Asks all workers, unless the answers are fresh. `search` waits for those that nobody has heard of, too. */
  refresh({ search = false }: { readonly search?: boolean } = {}): Promise<void> {
    const now = Date.now();
    const round = search ? "search" : "";
    if (!search && now - this.#askedAtMs < FRESH_MS) return this.#asking();
    return this.#once(round, async () => {
      this.#askedAtMs = now;
      const alive = this.#options.alive();
      // Those that are known are not waited for any longer than they take.
      const known = search || alive.length === 0 || now - this.#searchedAtMs >= SEARCH_MS ? [] : alive;
      if (known.length === 0) this.#searchedAtMs = now;
      try {
        await this.#ask(FLEET_COMMANDS, known);
        this.#wasAsked = true;
      } catch (error) {
        this.#askedAtMs = 0;
        this.#searchedAtMs = 0;
        throw error;
      }
    });
  }

  /** Looks for workers that nobody has heard of, unless that was done a moment ago. */
  search(): Promise<void> {
    return Date.now() - this.#searchedAtMs < FRESH_MS ? this.#asking() : this.refresh({ search: true });
  }

  /** The round that runs, if any. */
  async #asking(): Promise<void> {
    await (this.#running.get("search") ?? this.#running.get(""));
  }

  /** Asks one worker everything, its tasks included; with `isFreshEnough` not again within some seconds. */
  async inspect(
    worker: string,
    { isFreshEnough = false }: { readonly isFreshEnough?: boolean } = {},
  ): Promise<void> {
    const { tasksAtMs = 0 } = this.#workers.get(worker) ?? {};
    if (isFreshEnough && tasksAtMs > Math.max(this.#expiredAtMs, Date.now() - FRESH_MS)) return;
    await this.#once(worker, () => this.#ask([...FLEET_COMMANDS, ...TASK_COMMANDS], [worker]));
  }

  /** The next question is asked anew: something was changed. */
  expire(): void {
    this.#askedAtMs = 0;
    this.#expiredAtMs = Date.now();
  }

  #once(name: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const started = work().finally(() => this.#running.delete(name));
    this.#running.set(name, started);
    return started;
  }

  async #ask(commands: readonly string[], destination: readonly string[]): Promise<void> {
    const { app } = this.#options;
    const connection = await app.connection();
    const askOne = async (command: string): Promise<void> => {
      // Values as text: they may be anything.
      const given = command === "active" ? { safe: true } : {};
      const options = { arguments: given, destination, timeoutMs: TIMEOUT_MS, connection };
      const replies = await ask(app, command, options);
      for (const [worker, answer] of Object.entries(replies)) this.#keep(worker, command, answer);
    };
    await Promise.all(commands.map(askOne));
  }

  #keep(worker: string, command: string, answer: unknown): void {
    const before = this.#workers.get(worker);
    const [oldest] = this.#workers.keys();
    if (before === undefined && this.#workers.size >= MAX_WORKERS && oldest !== undefined)
      this.#workers.delete(oldest);
    const byCommand = { ...before?.byCommand };
    setOwn(byCommand, command, answer);
    const atMs = Date.now();
    const isOfTasks = TASK_COMMANDS.some((one) => one === command);
    this.#workers.set(worker, { ...before, byCommand, atMs, ...(isOfTasks ? { tasksAtMs: atMs } : {}) });
    if (command === "registered") this.#learn(answer);
  }

  /** `name [rate_limit=10/m]` is the task `name`. */
  #learn(registered: unknown): void {
    if (!Array.isArray(registered)) return;
    for (const text of registered) {
      const name = typeof text === "string" ? text.split(" ", 1)[0] : undefined;
      if (name !== undefined && this.#tasks.size < MAX_TASKS) this.#tasks.add(name);
    }
  }
}

/** The answer to one command when it has the usual form of an object; {} otherwise. */
export function answerOf(answers: WorkerAnswers | undefined, command: string): PlainObject {
  const answer = answers?.byCommand[command];
  return isPlainObject(answer) ? answer : {};
}
