/** Has workers of any language stop or start taking from a queue. */
import { type App, ask, type ControlReplies } from "../../app/index.ts";
import { ConfigurationError, isPlainObject } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";

/** How long workers have to answer. */
const ANSWER_MS = 2000;

export class QueueControl {
  readonly #app: App;
  /** Who was told to stop, by queue: others did not take from it, and must not begin to. */
  readonly #paused = new Map<string, ReadonlySet<string>>();

  constructor(app: App) {
    this.#app = app;
  }

  /** Resolves with the workers that have stopped taking from it. Throws Problem `control-impossible`. */
  async pause(queue: string, workers: readonly string[] | undefined): Promise<readonly string[]> {
    const takers = workers ?? (await this.#takers(queue));
    const stopped = takers.length === 0 ? [] : await this.#tell("cancel_consumer", queue, takers);
    if (stopped.length > 0)
      this.#paused.set(queue, new Set([...(this.#paused.get(queue) ?? []), ...stopped]));
    return stopped;
  }

  /** Resolves with the workers that take from it now: those that were paused here, or all if there are none. */
  async resume(queue: string, workers: readonly string[] | undefined): Promise<readonly string[]> {
    const paused = this.#paused.get(queue);
    const started = await this.#tell("add_consumer", queue, workers ?? [...(paused ?? [])]);
    const left = [...(paused ?? [])].filter((worker) => !started.includes(worker));
    if (left.length === 0) this.#paused.delete(queue);
    else this.#paused.set(queue, new Set(left));
    return started;
  }

  /** The workers that take from it. */
  async #takers(queue: string): Promise<readonly string[]> {
    const replies = await this.#ask("active_queues", {}, []);
    const takes = (reply: unknown): boolean =>
      Array.isArray(reply) && reply.some((one) => isPlainObject(one) && one["name"] === queue);
    return Object.entries(replies).flatMap(([worker, reply]) => (takes(reply) ? [worker] : []));
  }

  async #tell(command: string, queue: string, workers: readonly string[]): Promise<readonly string[]> {
    const replies = await this.#ask(command, { queue }, workers);
    const agrees = (reply: unknown): boolean => isPlainObject(reply) && Object.hasOwn(reply, "ok");
    return Object.entries(replies)
      .flatMap(([worker, reply]) => (agrees(reply) ? [worker] : []))
      .sort();
  }

  async #ask(
    command: string,
    given: Readonly<Record<string, string>>,
    destination: readonly string[],
  ): Promise<ControlReplies> {
    try {
      return await ask(this.#app, command, { arguments: given, destination, timeoutMs: ANSWER_MS });
    } catch (error) {
      throw error instanceof ConfigurationError ? new Problem("control-impossible") : error;
    }
  }
}
