/**
 * A pool of processes or threads, each of which runs one task or a few at a time. A child that dies is replaced at once;
 * what it ran is LOST, but for tasks beside one that was killed on purpose: those run again.
 */
import { ConfigurationError, toError } from "../../protocol/index.ts";
import type { Job } from "../job.ts";
import { failure, lost, type Outcome } from "../outcome.ts";
import type { Pool, PoolOptions } from "../pool.ts";
import { setTrace } from "../task-tracing.ts";
import type { Carrier, Child } from "./child/carrier.ts";
import type { FromChild } from "./child/messages.ts";
import { type Packed, packRequest, unpackMeta, unpackOutcome } from "./child/pack.ts";

/** A task in a child, or on its way to one. */
interface Assignment {
  readonly job: Job;
  readonly request: Packed;
  readonly onStart: (job: Job) => void;
  readonly resolve: (outcome: Outcome) => void;
  /** Ended by force: nobody waits for it. */
  isKilled: boolean;
}

/** A child and what it does. */
interface Member {
  child: Child;
  isReady: boolean;
  /** Takes nothing more, and ends when it is idle. */
  isRetiring: boolean;
  tasksEnded: number;
  readonly runs: Map<number, Assignment>;
}

export interface ChildPoolOptions extends PoolOptions {
  readonly name: string;
  readonly carrier: Carrier;
  /** Children when `concurrency` is not given. */
  readonly defaultConcurrency: number;
  readonly runsAnyTask?: boolean;
}

const MAX_CHILDREN = 1024;
/** Wait before a child that died while starting is replaced, in milliseconds; doubled each time. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export class ChildPool implements Pool {
  readonly name: string;
  readonly runsAnyTask: boolean;
  readonly #options: ChildPoolOptions;
  readonly #appModule: string;
  readonly #members = new Set<Member>();
  /** Tasks that wait for a child: only while one is being replaced. */
  readonly #waiting: Assignment[] = [];
  #target: number;
  #lastRun = 0;
  #childrenStarted = 0;
  #failedStarts = 0;
  #isClosing = false;
  #onReady: (() => void) | undefined;
  #onFailed: ((error: Error) => void) | undefined;
  #onAllEnded: (() => void) | undefined;

  constructor(options: ChildPoolOptions) {
    const { appModule, name, concurrency = options.defaultConcurrency, childConcurrency } = options;
    if (appModule === undefined) {
      const how = "Name its module: createWorker({ app, appModule: import.meta.filename }).";
      throw new ConfigurationError(
        `The ${name} pool loads the app in other ${name === "threads" ? name : "processes"}. ${how}`,
      );
    }
    requireCount("Concurrency", concurrency, MAX_CHILDREN);
    requireCount("Child concurrency", childConcurrency, 10_000);
    this.name = name;
    this.runsAnyTask = options.runsAnyTask ?? false;
    this.#options = options;
    this.#appModule = appModule;
    this.#target = concurrency;
  }

  get size(): number {
    return this.#target * this.#options.childConcurrency;
  }

  get pids(): readonly number[] {
    return [...this.#members].map(({ child }) => child.pid);
  }

  get childrenStarted(): number {
    return this.#childrenStarted;
  }

  /** Resolves when all children have loaded the app. */
  async start(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailed = reject;
    });
    this.#fillUp();
    try {
      await ready;
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      this.#onReady = undefined;
      this.#onFailed = undefined;
    }
  }

  run(job: Job, onStart: (job: Job) => void): Promise<Outcome> {
    return new Promise((resolve) => {
      const request = packRequest(job.request);
      this.#assign({ job, request, onStart, resolve, isKilled: false });
    });
  }

  kill(job: Job): void {
    for (const member of this.#members) {
      for (const assignment of member.runs.values()) {
        if (assignment.job !== job) continue;
        assignment.isKilled = true;
        member.child.kill();
        return;
      }
    }
    const at = this.#waiting.findIndex((assignment) => assignment.job === job);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  resize(by: number): void {
    this.#target = Math.min(MAX_CHILDREN, Math.max(1, this.#target + by));
    this.#fillUp();
    this.#retireSurplus();
  }

  restart(): void {
    for (const member of this.#members) this.#retire(member);
    this.#fillUp();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#members.size === 0) return;
    const ended = new Promise<void>((resolve) => {
      this.#onAllEnded = resolve;
    });
    for (const member of this.#members) {
      // What still runs has been given up by the worker.
      if (member.runs.size > 0 || !member.isReady) member.child.kill();
      else member.child.send({ kind: "stop" });
    }
    await ended;
  }

  get #kept(): Member[] {
    return [...this.#members].filter(({ isRetiring }) => !isRetiring);
  }

  #fillUp(): void {
    for (let missing = this.#target - this.#kept.length; missing > 0 && !this.#isClosing; missing -= 1)
      this.#hire();
  }

  #hire(): void {
    const { carrier, hostname, maxMemoryPerChild } = this.#options;
    const child = carrier({
      onMessage: (message) => this.#take(member, message),
      onEnd: (how) => this.#bury(member, how),
    });
    const member: Member = { child, isReady: false, isRetiring: false, tasksEnded: 0, runs: new Map() };
    this.#members.add(member);
    this.#childrenStarted += 1;
    child.send({
      kind: "start",
      appModule: this.#appModule,
      hostname,
      reportsMemory: maxMemoryPerChild !== null,
    });
  }

  /** The idlest go first; a busy one ends its tasks before. */
  #retireSurplus(): void {
    const kept = this.#kept.sort((one, other) => one.runs.size - other.runs.size);
    for (const member of kept.slice(0, Math.max(0, kept.length - this.#target))) this.#retire(member);
  }

  #retire(member: Member): void {
    member.isRetiring = true;
    if (member.runs.size === 0) member.child.send({ kind: "stop" });
  }

  #assign(assignment: Assignment): void {
    const member = this.#idlest();
    if (member === undefined) {
      this.#waiting.push(assignment);
      return;
    }
    const { job, request, onStart } = assignment;
    this.#lastRun += 1;
    const run = this.#lastRun;
    member.runs.set(run, assignment);
    job.pid = member.child.pid;
    onStart(job);
    member.child.send({ kind: "run", run, request });
    job.onAbort = ({ name, message }) => member.child.send({ kind: "abort", run, name, message });
    if (job.abort?.signal.aborted === true) job.onAbort(toError(job.abort.signal.reason));
  }

  #idlest(): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#members) {
      if (!member.isReady || member.isRetiring || member.runs.size >= this.#options.childConcurrency)
        continue;
      if (best === undefined || member.runs.size < best.runs.size) best = member;
      if (best.runs.size === 0) break;
    }
    return best;
  }

  #assignWaiting(): void {
    while (this.#waiting.length > 0 && this.#idlest() !== undefined) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#assign(next);
    }
  }

  #take(member: Member, message: FromChild): void {
    switch (message.kind) {
      case "ready":
        member.isReady = true;
        this.#failedStarts = 0;
        this.#assignWaiting();
        if (this.#kept.every(({ isReady }) => isReady)) this.#onReady?.();
        break;
      case "failed":
        this.#onFailed?.(
          new ConfigurationError(`A process of the ${this.name} pool could not start: ${message.message}`),
        );
        break;
      case "update":
        void this.#update(member, message);
        break;
      case "ended":
        this.#end(member, message);
    }
  }

  async #update(
    member: Member,
    { run, update, state, meta }: Extract<FromChild, { kind: "update" }>,
  ): Promise<void> {
    const job = member.runs.get(run)?.job;
    let error: string | undefined;
    try {
      if (job !== undefined) await this.#options.updateState(job, state, unpackMeta(meta));
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
    member.child.send({ kind: "updated", update, error });
  }

  #end(member: Member, { run, outcome, trace, memoryKib }: Extract<FromChild, { kind: "ended" }>): void {
    const assignment = member.runs.get(run);
    if (assignment === undefined) return;
    member.runs.delete(run);
    member.tasksEnded += 1;
    setTrace(assignment.job, trace);
    const { maxTasksPerChild, maxMemoryPerChild } = this.#options;
    const isWornOut =
      (maxTasksPerChild !== null && member.tasksEnded >= maxTasksPerChild) ||
      (maxMemoryPerChild !== null && memoryKib > maxMemoryPerChild);
    if (isWornOut && !member.isRetiring) {
      this.#retire(member);
      this.#fillUp();
    } else if (member.isRetiring && member.runs.size === 0) member.child.send({ kind: "stop" });
    this.#assignWaiting();
    assignment.resolve(readOutcome(outcome));
  }

  #bury(member: Member, how: string): void {
    this.#members.delete(member);
    const assignments = [...member.runs.values()];
    member.runs.clear();
    const wasKilled = assignments.some(({ isKilled }) => isKilled);
    for (const assignment of assignments) {
      if (assignment.isKilled) continue;
      if (wasKilled && !this.#isClosing) this.#waiting.unshift(assignment);
      else assignment.resolve(lost(`The process ${member.child.pid} that ran it ended: ${how}.`));
    }
    if (this.#members.size === 0) this.#onAllEnded?.();
    if (this.#isClosing) return;
    if (member.isReady) this.#fillUp();
    else this.#replaceLater(how);
    this.#assignWaiting();
  }

  /** A child that dies while it starts may do so for ever. */
  #replaceLater(how: string): void {
    this.#onFailed?.(
      new ConfigurationError(`A process of the ${this.name} pool ended while it started: ${how}.`),
    );
    this.#failedStarts += 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, this.#failedStarts));
    this.#options.onWarning(
      `A process of the ${this.name} pool ended while it started (${how}); the next try is in ${pauseMs} ms`,
    );
    setTimeout(() => this.#fillUp(), pauseMs).unref();
  }
}

function readOutcome(packed: Packed): Outcome {
  try {
    return unpackOutcome(packed);
  } catch (error) {
    return failure(error);
  }
}

function requireCount(what: string, count: number, max: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= max) return;
  throw new ConfigurationError(`${what} must be a whole number from 1 to ${max}; it is ${count}.`);
}
