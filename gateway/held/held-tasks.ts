/**
 * Tasks that the gateway keeps until they are due, then sends. Any gateway of those that share the store sends them; one that
 * dies in between leaves its claim to the others. A task that was sent a moment before its gateway died is sent again, with
 * the same id: at least once, as everything that a broker carries.
 */
import type { App } from "../../app/index.ts";
import {
  ConfigurationError,
  formatIsoTime,
  isReady,
  toError,
  toResultDocument,
} from "../../protocol/index.ts";
import type { AgendaEntry, ClaimedEntry, StateStore } from "../state/state-store.ts";
import type { TaskEntry, TaskIndex } from "../task-index.ts";
import { type HeldTask, readHeldTask, writeHeldTask } from "./held-task.ts";

export interface HeldTasksOptions {
  readonly app: App;
  readonly state: StateStore;
  readonly index: TaskIndex;
  /** Told of each task that was sent. */
  readonly onSent?: (entry: TaskEntry) => void;
  readonly onWarning: (message: string, error?: unknown) => void;
}

const TOPIC = "held";
/** How often the store is asked, at the latest: other gateways put tasks into it as well. */
const POLL_MS = 1000;
/** How long a claimed task is this gateway's. */
const LEASE_MS = 30_000;
const CLAIMED_AT_ONCE = 100;
/** Wait before a task that could not be sent is tried again. */
const RETRY_MS = 2000;

export class HeldTasks {
  readonly #options: HeldTasksOptions;
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #sending: Promise<void> | undefined;
  #isOpen = false;

  constructor(options: HeldTasksOptions) {
    this.#options = options;
  }

  /** Begins to send what is due. */
  start(): void {
    this.#isOpen = true;
    this.#wakeAt(Date.now());
  }

  /** Resolves when the store has the task. A task of the same id is replaced. */
  async hold(held: HeldTask, dueAtMs: number): Promise<void> {
    await this.#options.state.agenda.put(TOPIC, {
      id: held.options.taskId,
      dueAtMs,
      value: writeHeldTask(held),
    });
    this.#wakeAt(dueAtMs);
  }

  /** What the index would say of a held task, if it still knew it. */
  async find(taskId: string): Promise<TaskEntry | undefined> {
    const found = await this.#options.state.agenda.get(TOPIC, taskId);
    if (found === undefined) return undefined;
    const { entry } = readHeldTask(found.value);
    return { ...entry, etaMs: entry.etaMs === null ? null : found.dueAtMs };
  }

  /** Gives a held task another time; false when it is not held any more. */
  async reschedule(taskId: string, dueAtMs: number): Promise<boolean> {
    const entry = await this.#options.state.agenda.get(TOPIC, taskId);
    return entry !== undefined && this.#change({ ...entry, dueAtMs });
  }

  /** Gives a held task other arguments. `busy`: a gateway has it in hand at this moment; `gone`: it is not held any more. */
  async replace(held: HeldTask): Promise<"changed" | "busy" | "gone"> {
    const entry = await this.#options.state.agenda.get(TOPIC, held.options.taskId);
    if (entry === undefined) return "gone";
    return (await this.#change({ ...entry, value: writeHeldTask(held) })) ? "changed" : "busy";
  }

  async #change(entry: AgendaEntry): Promise<boolean> {
    const isChanged = await this.#options.state.agenda.change(TOPIC, entry, Date.now());
    if (isChanged) this.#wakeAt(entry.dueAtMs);
    return isChanged;
  }

  /** Lets go of a held task: it will never be sent. False when it is not held any more. */
  async drop(taskId: string): Promise<boolean> {
    return (await this.#options.state.agenda.remove(TOPIC, taskId, Date.now())) !== undefined;
  }

  #wakeAt(atMs: number): void {
    const wakesAtMs = Math.min(atMs, Date.now() + POLL_MS);
    if (!this.#isOpen || this.#sending !== undefined || wakesAtMs >= this.#wakesAtMs) return;
    clearTimeout(this.#timer);
    this.#wakesAtMs = wakesAtMs;
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, wakesAtMs - Date.now()));
    this.#timer.unref();
  }

  #wake(): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#sending = this.#sendDue()
      .catch((error: unknown) => {
        this.#options.onWarning("Held tasks cannot be looked at; trying again", error);
        return Number.POSITIVE_INFINITY;
      })
      .then((nextDueAtMs) => {
        this.#sending = undefined;
        this.#wakeAt(nextDueAtMs);
      });
  }

  /** Sends what is due; resolves with the time when more will be. */
  async #sendDue(): Promise<number> {
    const { agenda } = this.#options.state;
    while (this.#isOpen) {
      const claim = { nowMs: Date.now(), leaseMs: LEASE_MS, limit: CLAIMED_AT_ONCE };
      const due = await agenda.claim(TOPIC, claim);
      // All of them, so that none is under way any more when this has ended.
      const sent = await Promise.allSettled(due.map((entry) => this.#send(entry)));
      const failed = sent.find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      if (due.length < CLAIMED_AT_ONCE) break;
    }
    return (await agenda.summary(TOPIC)).nextDueAtMs ?? Number.POSITIVE_INFINITY;
  }

  async #send(entry: ClaimedEntry): Promise<void> {
    const { app, state, index, onWarning } = this.#options;
    const held = readHeldTask(entry.value);
    try {
      if (await this.#mustWait(held)) return await this.#postpone(entry, POLL_MS);
      await app.publish(await app.producer.prepare(held.task, held.options));
    } catch (error) {
      if (error instanceof ConfigurationError) return this.#fail(entry, held, error);
      onWarning(`Held task ${entry.id} could not be sent; trying again`, error);
      return this.#postpone(entry, RETRY_MS);
    }
    // Who has forgotten it knows it from now on.
    const sent = { ...held.entry, submittedAtMs: Date.now() };
    await index.record([sent]);
    index.update({ id: entry.id, state: "PENDING", doneAtMs: null });
    this.#options.onSent?.(sent);
    await state.agenda.settle(TOPIC, entry);
  }

  async #mustWait({ after, afterUntilMs = 0 }: HeldTask): Promise<boolean> {
    const { app } = this.#options;
    if (after === undefined || Date.now() >= afterUntilMs || !app.keepsResults) return false;
    const document = await (await app.backend()).get(after);
    return document === undefined || !isReady(document.status);
  }

  async #postpone(entry: ClaimedEntry, byMs: number): Promise<void> {
    const change = { dueAtMs: Date.now() + byMs, value: entry.value };
    await this.#options.state.agenda.postpone(TOPIC, entry, change);
  }

  /** The app was set up otherwise when the task was accepted: it can never be sent, and its caller shall see why. */
  async #fail(entry: ClaimedEntry, { task }: HeldTask, error: unknown): Promise<void> {
    const { app, state, index, onWarning } = this.#options;
    onWarning(`Held task ${entry.id} (${task}) cannot be sent`, error);
    await endTask({ app, index }, entry.id, "FAILURE", {
      exc_type: "ConfigurationError",
      exc_message: [toError(error).message],
      exc_module: "celerity",
    });
    await state.agenda.settle(TOPIC, entry);
  }

  /** Lets what is being sent finish. What is held stays in the store. */
  async close(): Promise<void> {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    await this.#sending;
  }
}

/** Writes the end of a task that no worker will ever see, as a worker would. */
export async function endTask(
  { app, index }: Pick<HeldTasksOptions, "app" | "index">,
  taskId: string,
  state: "FAILURE" | "REVOKED",
  exception: object,
): Promise<void> {
  const nowMs = Date.now();
  if (app.keepsResults) {
    const document = toResultDocument({ taskId, state, result: exception, now: formatIsoTime(nowMs) });
    await (await app.backend()).store([{ document }]);
  }
  index.update({ id: taskId, state, doneAtMs: nowMs });
}
