/**
 * Learns how tasks end. Whoever accepts a task waits for its result; the store's agenda holds it as well, so that any gateway
 * looks for the result at growing intervals when the one that waits is gone, or waits for too many.
 */
import type { App } from "../../app/index.ts";
import { describeException, exceptionOf, isReady, type ResultDocument } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";
import type { ClaimedEntry, StateStore } from "../state/state-store.ts";
import type { TaskIndex } from "../task-index.ts";
import { AgendaLoop } from "./agenda-loop.ts";
import { EVENT_TYPES, eventOfState, type Target } from "./callback.ts";
import type { Deliverer } from "./deliverer.ts";
import type { DeliveryLog, Made } from "./delivery-log.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import type { WebhookSettings } from "./options.ts";
import { taskPayload } from "./payload.ts";
import { deliveryId, digest, FIRST_TIMES, WATCHES } from "./places.ts";
import { nextLookMs, readWatch, timeOfTaskId, type Watch } from "./watch.ts";

export interface WatcherOptions {
  readonly app: App;
  readonly index: TaskIndex;
  readonly state: StateStore;
  readonly log: DeliveryLog;
  readonly deliverer: Deliverer;
  readonly endpoints: EndpointBook;
  readonly settings: WebhookSettings;
  /** What links begin with, before the path that the gateway is mounted at. */
  readonly publicUrl: string;
  readonly now: () => number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

const LEASE_MS = 15_000;
/** Results looked for at one time. */
const LOOKS_AT_ONCE = 50;
/** Until a delivery that another gateway was making has been made, or was left by a gateway that died. */
const UNSURE_MS = 35_000;
/** How old the number of watched tasks may be. */
const COUNT_MS = 1000;

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #loop: AgendaLoop;
  /** Ends the wait for a task; the oldest first. */
  readonly #waits = new Map<string, AbortController>();
  readonly #telling = new Set<Promise<void>>();
  #count = { atMs: Number.NEGATIVE_INFINITY, tasks: 0 };

  constructor(options: WatcherOptions) {
    const { state, settings, now, onWarning } = options;
    this.#options = options;
    this.#loop = new AgendaLoop({
      agenda: state.agenda,
      topic: WATCHES,
      leaseMs: LEASE_MS,
      limit: LOOKS_AT_ONCE,
      pollMs: settings.pollMs,
      now,
      onWarning,
      work: (entry) => this.#look(entry),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Resolves when the end of the task cannot be missed any more. Throws Problem `temporary-reduced-capacity`. */
  async watch(facts: Omit<Watch, "looks" | "firstSentAtMs">): Promise<void> {
    await this.#requireCapacity();
    const { state, settings, now } = this.#options;
    const watch: Watch = { ...facts, looks: 0, firstSentAtMs: await this.#firstSentAtMs(facts) };
    const dueAtMs = now() + nextLookMs(0, settings);
    await state.agenda.put(WATCHES, { id: watch.entry.id, dueAtMs, value: JSON.stringify(watch) });
    this.#loop.wakeAt(dueAtMs);
    await this.#waitFor(watch);
  }

  /** The same for a task that was sent before, and that others may be told of. */
  async join(facts: Omit<Watch, "looks" | "firstSentAtMs">): Promise<void> {
    const there = await this.#options.state.agenda.get(WATCHES, facts.entry.id);
    const before = there === undefined ? [] : readWatch(there.value).targets;
    const known = new Set(before.map(nameOf));
    const more = facts.targets.filter((target) => !known.has(nameOf(target)));
    if (more.length > 0) await this.watch({ ...facts, targets: [...before, ...more] });
  }

  /** The task was not sent. */
  async forget(taskId: string): Promise<void> {
    this.#waits.get(taskId)?.abort();
    await this.#options.state.agenda.remove(WATCHES, taskId, this.#options.now());
  }

  /** Others look from now on. */
  async stop(): Promise<void> {
    for (const stop of [...this.#waits.values()]) stop.abort();
    await this.#loop.stop();
    await Promise.all(this.#telling);
  }

  /** The same for every time that one task is sent: it is part of the ids of what is told of it. */
  async #firstSentAtMs({ entry, prefix }: Pick<Watch, "entry" | "prefix">): Promise<number> {
    const known = timeOfTaskId(entry.id);
    if (known !== undefined) return known;
    const { state, settings, now } = this.#options;
    const nowMs = now();
    const expiresAtMs = nowMs + (settings.giveUpSeconds + settings.retentionSeconds) * 1000;
    const there = await state.records.add(FIRST_TIMES, prefix + entry.id, String(nowMs), { expiresAtMs });
    return there === undefined ? nowMs : Number(there.value);
  }

  async #requireCapacity(): Promise<void> {
    const { state, settings, now } = this.#options;
    if (now() - this.#count.atMs > COUNT_MS) {
      this.#count = { atMs: now(), tasks: (await state.agenda.summary(WATCHES)).count };
    }
    this.#count.tasks += 1;
    if (this.#count.tasks <= settings.watchedTasks) return;
    throw new Problem("temporary-reduced-capacity", {
      detail: `${settings.watchedTasks} tasks with callbacks have not ended yet, which is the limit. Nothing was sent; try again later.`,
    });
  }

  async #waitFor(watch: Watch): Promise<void> {
    const { app, settings } = this.#options;
    const { id } = watch.entry;
    if (settings.waits === 0) return;
    const backend = await app.backend();
    const [oldest] = this.#waits;
    if (this.#waits.size >= settings.waits && oldest !== undefined) oldest[1].abort();
    const stop = new AbortController();
    this.#waits.set(id, stop);
    const onChange = (document: ResultDocument): void => {
      if (!isReady(document.status)) this.#inBackground(this.#tell(watch, document));
    };
    void backend
      .wait(id, { isNew: true, signal: stop.signal, onChange })
      .then(
        (document) => this.#inBackground(this.#ended(watch, document)),
        // Given up here, or a result that cannot be read: those who look find out.
        () => undefined,
      )
      .finally(() => this.#waits.get(id) === stop && this.#waits.delete(id));
  }

  #inBackground(work: Promise<unknown>): void {
    const { onWarning } = this.#options;
    const telling = work
      .then(
        () => undefined,
        (error: unknown) => onWarning("A callback is made later", error),
      )
      .finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  async #ended(watch: Watch, document: ResultDocument): Promise<void> {
    const { state, now } = this.#options;
    if (await this.#tell(watch, document)) await state.agenda.remove(WATCHES, watch.entry.id, now());
  }

  async #look(claimed: ClaimedEntry): Promise<void> {
    const { app, state, settings, now, onWarning } = this.#options;
    const watch = readWatch(claimed.value);
    const { id } = watch.entry;
    const document = await (await app.backend()).get(id).catch((error: unknown) => {
      onWarning(`The result of task ${id}, which has a callback, cannot be read`, error);
      return undefined;
    });
    const isTold = document === undefined || (await this.#tell(watch, document));
    const hasEnded = document !== undefined && isReady(document.status);
    if ((hasEnded && isTold) || (!hasEnded && (await this.#isHopeless(watch)))) {
      this.#waits.get(id)?.abort();
      await state.agenda.settle(WATCHES, claimed);
      return;
    }
    const looks = watch.looks + 1;
    const waitMs = isTold ? nextLookMs(looks, settings) : UNSURE_MS;
    const value = JSON.stringify({ ...watch, looks });
    await state.agenda.postpone(WATCHES, claimed, { dueAtMs: now() + waitMs, value });
  }

  async #isHopeless({ entry }: Watch): Promise<boolean> {
    const { index, settings, now, onWarning } = this.#options;
    const isOver = ({ submittedAtMs, etaMs }: typeof entry): boolean =>
      now() - Math.max(submittedAtMs, etaMs ?? 0) > settings.giveUpSeconds * 1000;
    // The index knows whether the task was given another time to start.
    if (!isOver(entry) || !isOver((await index.find(entry.id)) ?? entry)) return false;
    onWarning(`Task ${entry.id} has not ended in ${settings.giveUpSeconds} s: its callbacks are given up`);
    return true;
  }

  /** Makes the deliveries of a state. False when it is not sure that all of them are made. */
  async #tell(watch: Watch, document: ResultDocument): Promise<boolean> {
    const event = eventOfState(document.status);
    if (event === undefined) return true;
    const targets = watch.targets.filter(({ on }) => on.includes(event));
    if (targets.length === 0) return true;
    const made = await Promise.all(targets.map((target) => this.#make(watch, document, target)));
    this.#options.deliverer.wake();
    return !made.includes("unsure");
  }

  async #make(watch: Watch, document: ResultDocument, target: Target): Promise<Made> {
    const { log, endpoints, settings, publicUrl, now } = this.#options;
    const { entry, prefix, base, trace, firstSentAtMs } = watch;
    const event = eventOfState(document.status) ?? "success";
    const type = EVENT_TYPES[event];
    const name = target.endpoint;
    const id = deliveryId({
      firstSentAtMs,
      taskId: entry.id,
      event: event === "retried" ? `${event} ${retryOf(document)}` : event,
      target: nameOf(target),
    });
    const payload = taskPayload(
      { id, type, entry, document, trace },
      { ...target, base: publicUrl + base, maxBytes: settings.bodyBytes, nowMs: now() },
    );
    const url =
      target.url ?? (name === undefined ? undefined : await endpoints.find(prefix, name))?.endpoint.url;
    return log.make(prefix, {
      id,
      taskId: entry.id,
      task: entry.task,
      type,
      ...(name === undefined ? {} : { endpoint: name }),
      url: url ?? "",
      ...payload,
    });
  }
}

function nameOf({ endpoint, url }: Target): string {
  return endpoint === undefined ? `url ${url}` : `endpoint ${endpoint}`;
}

/** Which retry it is. Stores that do not count them differ in what went wrong, or are taken for one. */
function retryOf(document: ResultDocument): string {
  const { retries, traceback } = document;
  if (typeof retries === "number") return String(retries);
  const exception = exceptionOf(document);
  return digest(`${exception === undefined ? "" : describeException(exception)}\n${traceback}`);
}
