/**
 * What happened to tasks: told by workers' events and by this gateway's own doings, kept beside the task index. Nobody waits for
 * it. Gateways that share a store all hear the same events; the one that is first to add an event counts it.
 */
import type { ClusterEvent, ClusterTask } from "../../app/index.ts";
import type { Exchange } from "../exchange.ts";
import { TASK_ID } from "../known-task.ts";
import type { Records } from "../state/state-store.ts";
import type { TaskEntry } from "../task-index.ts";
import { type AcceptedNote, type CallReprs, noteAccepted, toAcceptedEvent } from "./accepted-note.ts";
import { type HeardEvent, toHistoryEvent } from "./celery-event.ts";
import { countedOf } from "./counted.ts";
import type { EventFacts, HistoryEvent, HistoryType } from "./event.ts";
import { HistoryQueue } from "./history-queue.ts";
import type { ObservedTasks } from "./observed-tasks.ts";
import type { HistorySettings } from "./options.ts";
import { readStats, type StatsQuery, type StatsView } from "./stats/read-stats.ts";
import { Tally } from "./stats/tally.ts";
import type { EventStore } from "./store/event-store.ts";

export interface HistoryParts {
  readonly settings: HistorySettings;
  readonly events: EventStore;
  readonly records: Records;
  /** Takes the tasks of events into the index; undefined: nobody listens to events. */
  readonly observed: ObservedTasks | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Something this gateway has done. */
interface Deed {
  readonly event: HistoryEvent;
  /** Name of the task, for what is counted. */
  readonly task: string | undefined;
}
type Item = AcceptedNote | Deed | HeardEvent;

/** Superfluous events are removed after so many new ones, or so much time. */
const PRUNE_EVERY_EVENTS = 2000;
const PRUNE_EVERY_MS = 60_000;
/** Lost tasks that are told of once; after that, the store knows them. */
const MAX_LOST = 10_000;

export class History {
  readonly #parts: HistoryParts;
  readonly #queue: HistoryQueue<Item>;
  readonly #tally: Tally;
  readonly #lost = new Set<string>();
  #isPruneDue = true;
  #addedSincePruned = 0;
  #prunedAtMs = 0;

  constructor(parts: HistoryParts) {
    const { records, settings, onWarning } = parts;
    this.#parts = parts;
    this.#tally = new Tally({ records, keepMs: settings.keepMs, onWarning });
    this.#queue = new HistoryQueue({ onWarning, write: (items) => this.#write(items) });
  }

  get settings(): HistorySettings {
    return this.#parts.settings;
  }

  /** A task was accepted: the one call on the way of a request, which makes one small object. */
  accepted(exchange: Exchange, entry: TaskEntry, plannedAtMs: number, call?: CallReprs): void {
    this.#queue.push(noteAccepted(exchange, entry, plannedAtMs, call));
    const { id, replayedFrom } = entry;
    if (replayedFrom !== null) this.did("replayed", { id: replayedFrom }, { detail: `as ${id}` });
  }

  /** This gateway did something with a task. */
  did(
    type: HistoryType,
    { id, task }: { readonly id: string; readonly task?: string | undefined },
    facts: EventFacts = {},
    atMs: number = Date.now(),
  ): void {
    // Dead letters have ids of any kind.
    if (!TASK_ID.test(id)) return;
    this.#queue.push({ event: { taskId: id, type, atMs: Math.round(atMs), source: "", facts }, task });
  }

  /** Listings find a lost task again and again. */
  lost(entry: TaskEntry, atMs: number): void {
    if (this.#lost.has(entry.id)) return;
    if (this.#lost.size >= MAX_LOST) this.#lost.clear();
    this.#lost.add(entry.id);
    this.did("lost", entry, { state: "LOST" }, atMs);
  }

  /** An event of a worker or a client. */
  heard(given: ClusterEvent, task: ClusterTask): void {
    const event = toHistoryEvent(given);
    if (event !== undefined) this.#queue.push({ event, task });
  }

  async #write(items: readonly Item[]): Promise<void> {
    const { events: store } = this.#parts;
    const byEvent = new Map(items.map((item) => [toEvent(item), item]));
    const news = await store.add([...byEvent.keys()]);
    const started = news.filter(({ type }) => type === "started").map(({ taskId }) => taskId);
    const firstTimes = started.length === 0 ? new Map<string, number>() : await store.firstTimes(started);
    const heard: HeardEvent[] = [];
    for (const event of news) {
      const item = byEvent.get(event);
      if (item === undefined) continue;
      this.#count(event, item, firstTimes.get(event.taskId));
      if (isHeard(item)) heard.push(item);
    }
    await this.#parts.observed?.take(heard);
    await this.#prune(news.length);
  }

  #count(event: HistoryEvent, item: Item, firstMs: number | undefined): void {
    const known = isHeard(item) ? item.task : undefined;
    const name = known === undefined ? nameOf(item) : known.name;
    const counted = countedOf(event, { name, known, firstMs });
    if (counted !== undefined) this.#tally.count(counted);
  }

  /** Nobody waits for it but the next batch. */
  async #prune(added: number): Promise<void> {
    this.#addedSincePruned += added;
    const nowMs = Date.now();
    const isDue =
      this.#isPruneDue ||
      this.#addedSincePruned >= PRUNE_EVERY_EVENTS ||
      nowMs - this.#prunedAtMs >= PRUNE_EVERY_MS;
    if (!isDue) return;
    this.#addedSincePruned = 0;
    this.#prunedAtMs = nowMs;
    try {
      this.#isPruneDue = await this.#parts.events.prune();
    } catch (error) {
      this.#parts.onWarning("Old events of tasks could not be removed", error);
    }
  }

  /** All that is known of a task by now, the earliest first. Rejects with StateError. */
  async read(taskId: string): Promise<readonly HistoryEvent[]> {
    await this.#queue.flush();
    return this.#parts.events.read(taskId);
  }

  /** Rejects with StateError. */
  async stats(query: StatsQuery): Promise<StatsView> {
    await this.#queue.flush();
    await this.#tally.flush();
    return readStats(this.#parts.records, query);
  }

  /** Events that were left out so far. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  open(): Promise<void> {
    return this.#parts.events.open();
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    await this.#queue.flush();
    await this.#tally.flush();
    await this.#parts.events.close();
  }
}

function toEvent(item: Item): HistoryEvent {
  return "entry" in item ? toAcceptedEvent(item) : item.event;
}

function isHeard(item: Item): item is HeardEvent {
  return "task" in item && typeof item.task === "object";
}

function nameOf(item: Item): string | undefined {
  if ("entry" in item) return item.entry.task;
  return isHeard(item) ? undefined : item.task;
}
