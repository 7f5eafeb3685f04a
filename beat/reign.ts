/**
 * The scheduler loop of one leader, from when it has taken the seat until that is over. What is safe and why: seat.ts.
 * Source: celery/beat.py Scheduler.tick.
 */
import { isDeepStrictEqual } from "node:util";
import { Agenda } from "./agenda.ts";
import { dueRuns, firstBase, nextRun } from "./due.ts";
import type { BeatEntry, EntryState } from "./entry.ts";
import type { EntrySource } from "./entry-source.ts";
import { type SendPendingOptions, sendPending } from "./send-pending.ts";
import { FIRST_PAUSE_MS, hasRunOnce, pauseMs, type Slot } from "./slot.ts";
import type { RecordedRuns } from "./stores/schedule-store.ts";
import { Unsaved, type UnsavedOptions } from "./unsaved.ts";

export interface ReignOptions extends SendPendingOptions, UnsavedOptions {
  readonly source: EntrySource;
  /** Longest sleep. */
  readonly maxIntervalMs: number;
  /** The setting beatCronStartingDeadline. */
  readonly deadlineSeconds: number | null;
}

/** How often a changing source is asked whether it has changed, and loaded again though it says no. */
const LOOK_MS = 5000;
const RELOAD_MS = 300_000;

export class Reign {
  readonly #options: ReignOptions;
  readonly #agenda = new Agenda();
  readonly #slots = new Map<string, Slot>();
  readonly #unsaved: Unsaved;
  readonly #runs: RecordedRuns[] = [];
  /** What the leader before has left. */
  #left: Map<string, EntryState> = new Map();
  #lookAtMs = 0;
  #loadAtMs = 0;

  constructor(options: ReignOptions) {
    this.#options = options;
    this.#unsaved = new Unsaved(options);
  }

  /** Until `stop` aborts or the term is over. Rejects when the seat or the source cannot be read at the start. */
  async run(stop: AbortSignal): Promise<void> {
    const { seat, source, clock, lease, maxIntervalMs } = this.#options;
    const end = AbortSignal.any([stop, lease.over]);
    this.#left = await seat.read();
    await source.install();
    await this.#load();
    while (!end.aborted) {
      await this.#look();
      await this.#tick();
      if (end.aborted) break;
      const wakeAtMs = Math.min(
        this.#agenda.nextAtMs(),
        source.mayChange ? this.#lookAtMs : Number.POSITIVE_INFINITY,
      );
      const longestMs = this.#unsaved.isEmpty ? maxIntervalMs : FIRST_PAUSE_MS;
      await clock.sleep(Math.max(0, Math.min(wakeAtMs - clock.now(), longestMs)), end);
    }
  }

  /** Loads the entries again when they have changed. */
  async #look(): Promise<void> {
    const { source, clock, logger } = this.#options;
    const nowMs = clock.now();
    if (!source.mayChange || nowMs < this.#lookAtMs) return;
    this.#lookAtMs = nowMs + LOOK_MS;
    try {
      if (nowMs < this.#loadAtMs && !(await source.hasChanged())) return;
      await this.#load();
      logger.debug({ entries: this.#slots.size }, "The schedules were loaded again.");
    } catch (error) {
      logger.warn({ err: error }, "The schedules cannot be read; the old ones go on");
    }
  }

  async #load(): Promise<void> {
    const { source, clock } = this.#options;
    const entries = await source.load();
    const nowMs = clock.now();
    this.#lookAtMs = nowMs + LOOK_MS;
    this.#loadAtMs = nowMs + RELOAD_MS;
    const names = new Set(entries.map(({ name }) => name));
    for (const name of [...this.#slots.keys(), ...this.#left.keys()])
      if (!names.has(name)) this.#forget(name);
    for (const entry of entries) this.#guard(entry, () => this.#place(entry, nowMs));
    this.#left.clear();
  }

  /** A new entry, or the new definition of one that is known. */
  #place(entry: BeatEntry, nowMs: number): void {
    const { name, sinceMs } = entry;
    const known = this.#slots.get(name);
    const old = known?.state ?? this.#left.get(name);
    // Another beat, Celery's perhaps, has run it meanwhile.
    const lastRunAtMs = Math.max(
      old?.lastRunAtMs ?? firstBase(entry, nowMs),
      old === undefined ? -Infinity : (sinceMs ?? -Infinity),
    );
    // Runs before it was made a one-off schedule are not the one.
    const isOnceNow = entry.oneOff && known?.entry.oneOff === false;
    const totalRunCount = isOnceNow ? 0 : (old?.totalRunCount ?? entry.runCount);
    const state: EntryState = { lastRunAtMs, totalRunCount, pending: old?.pending ?? [] };
    const mayBeSent = known?.mayBeSent ?? state.pending.length > 0;
    this.#slots.set(name, { failures: 0, caughtUp: 0, ...known, entry, state, mayBeSent });
    if (!isDeepStrictEqual(old, state)) this.#unsaved.note(name, state);
    if (known === undefined || known.failures === 0) this.#plan(name, nowMs);
  }

  #forget(name: string): void {
    this.#slots.delete(name);
    this.#agenda.drop(name);
    this.#unsaved.note(name, undefined);
  }

  /** Plans when to look at an entry: at once when runs of it are pending. */
  #plan(name: string, nowMs: number): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    const { entry, state } = slot;
    if (state.pending.length > 0) {
      this.#agenda.plan(name, nowMs + pauseMs(slot));
      return;
    }
    const end = entry.expiresAtMs ?? Number.POSITIVE_INFINITY;
    this.#agenda.plan(name, hasRunOnce(slot) ? nowMs : Math.min(nextRun(entry, state.lastRunAtMs), end));
  }

  /** Does everything that is due. */
  async #tick(): Promise<void> {
    const { clock, logger } = this.#options;
    const nowMs = clock.now();
    const due = this.#agenda.take(nowMs).flatMap((name) => this.#slots.get(name) ?? []);
    const over: BeatEntry[] = [];
    for (const slot of due) this.#guard(slot.entry, () => this.#decide(slot, nowMs, over));
    if (due.length === 0 && this.#unsaved.isEmpty) return;
    if (!(await this.#unsaved.save())) {
      for (const { entry } of due) this.#agenda.plan(entry.name, clock.now() + FIRST_PAUSE_MS);
      return;
    }
    await Promise.all(due.map((slot) => this.#send(slot)));
    await this.#unsaved.save();
    await this.#record();
    for (const { entry } of due) this.#guard(entry, () => this.#plan(entry.name, clock.now()));
    for (const entry of [...over, ...due.filter(hasRunOnce).map((slot) => slot.entry)]) {
      try {
        await this.#disable(entry);
      } catch (error) {
        logger.warn({ err: error }, `The schedule "${entry.name}" is over and cannot be paused`);
        this.#agenda.plan(entry.name, clock.now() + LOOK_MS);
      }
    }
  }

  /** Takes on the runs that are due. */
  #decide(slot: Slot, nowMs: number, over: BeatEntry[]): void {
    const { logger, deadlineSeconds } = this.#options;
    const { entry, state } = slot;
    if (state.pending.length > 0 || hasRunOnce(slot)) return;
    if (entry.expiresAtMs !== undefined && entry.expiresAtMs <= nowMs) {
      over.push(entry);
      return;
    }
    const { fires, lastRunAtMs, skipped } = dueRuns(
      entry,
      state.lastRunAtMs,
      nowMs,
      deadlineSeconds,
      slot.caughtUp,
    );
    if (skipped) logger.warn({ entry: entry.name }, `Missed runs of "${entry.name}" are left out.`);
    if (lastRunAtMs === state.lastRunAtMs) return;
    slot.caughtUp = fires.length > 1 ? slot.caughtUp + fires.length : 0;
    slot.state = { lastRunAtMs, totalRunCount: state.totalRunCount + fires.length, pending: fires };
    this.#unsaved.note(entry.name, slot.state);
  }

  /** Sends what is pending of an entry, and keeps what the broker did not take. */
  async #send(slot: Slot): Promise<void> {
    const count = await sendPending(slot, this.#options);
    if (count === 0) return;
    const { name } = slot.entry;
    this.#unsaved.note(name, slot.state);
    this.#runs.push({ name, lastRunAtMs: slot.state.lastRunAtMs, count });
  }

  /** Tells the source about runs; what goes wrong there costs a figure, no run. */
  async #record(): Promise<void> {
    const runs = this.#runs.splice(0);
    if (runs.length === 0) return;
    try {
      await this.#options.source.recordRuns(runs);
    } catch (error) {
      this.#options.logger.warn({ err: error }, "The store of schedules was not told about runs");
    }
  }

  /** Pauses an entry that is over. */
  async #disable(entry: BeatEntry): Promise<void> {
    await this.#options.source.disable(entry);
    this.#forget(entry.name);
    this.#options.logger.info({ entry: entry.name }, `The schedule "${entry.name}" is over and paused.`);
  }

  /** One entry whose schedule fails is tried again later, and stops no other. */
  #guard(entry: BeatEntry, work: () => void): void {
    const { clock, logger, maxIntervalMs } = this.#options;
    try {
      work();
    } catch (error) {
      logger.error({ err: error, entry: entry.name }, `The next run of "${entry.name}" cannot be calculated`);
      this.#agenda.plan(entry.name, clock.now() + maxIntervalMs);
    }
  }
}
