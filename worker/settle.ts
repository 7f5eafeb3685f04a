/**
 * The end of a job, in the order that loses nothing: send what follows, store the result, acknowledge. Jobs that end in
 * one turn of the event loop share one call to the result store.
 */
import type { App } from "../app/index.ts";
import type { ResultBackend, ResultEntry } from "../backends/index.ts";
import {
  BrokerError,
  EncodeError,
  formatIsoTime,
  type ResultTuple,
  toError,
  toResultDocument,
} from "../protocol/index.ts";
import { type ChordJoiner, endMember } from "./chords/index.ts";
import { needsFollowUp, sendFollowUps } from "./follow-up.ts";
import type { Job } from "./job.ts";
import { failure, type Outcome } from "./outcome.ts";
import type { SealCheck } from "./seal-check.ts";
import type { Sender } from "./sender.ts";
import { withinTraceOf } from "./task-tracing.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** A job that has ended. */
interface Ended {
  readonly job: Job;
  readonly outcome: Outcome;
  readonly children: readonly ResultTuple[];
}

export interface SettleOptions {
  readonly app: App;
  /** Node name of this worker. */
  readonly hostname: string;
  /** undefined: no results are kept. */
  readonly backend: ResultBackend | undefined;
  /** undefined: seals are not looked at. */
  readonly sealCheck: SealCheck | undefined;
  readonly sender: Sender;
  /** undefined: no results are kept. */
  readonly joiner: ChordJoiner | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export interface Settler {
  /** Takes over an ended job; `done` is called once it is settled. */
  settle(job: Job, outcome: Outcome, done: () => void): void;
  /** Stores a state that is not the end (STARTED, custom); rejects when it cannot be stored. */
  storeState(job: Job, state: string, meta: unknown): Promise<void>;
  /** Resolves when everything taken over is settled. */
  idle(): Promise<void>;
}

export function createSettler(options: SettleOptions): Settler {
  const { app, backend, sealCheck, sender, joiner, onWarning } = options;
  let batch: { readonly ended: Ended; readonly done: () => void }[] = [];
  const running = new Set<Promise<void>>();

  const track = (work: Promise<void>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  const tellBroker = ({ delivery }: Job, verdict: Verdict): void => {
    if (verdict !== "requeue") sealCheck?.settled(delivery);
    if (verdict === "ack") delivery.ack();
    else if (verdict === "requeue") sender.giveBack(delivery);
    else delivery.reject({ requeue: false });
  };

  /** What is stored is counted in its chord, and only then is the message let go. */
  const finish = (ended: Ended, done: () => void): void => {
    const { job, outcome } = ended;
    const joined = joiner && endMember(joiner, job, outcome);
    if (joined === undefined) {
      tellBroker(job, verdictOf(ended, app));
      done();
      return;
    }
    const told = joined.then(
      () => tellBroker(job, verdictOf(ended, app)),
      (error: unknown) => {
        onWarning(`Task ${job.request.task}[${job.request.id}] could not be counted in its chord`, error);
        tellBroker(job, "requeue");
      },
    );
    track(told.finally(done));
  };

  /** Stores a batch, then tells the broker about each of its jobs. */
  const flush = async (): Promise<void> => {
    const ended = batch;
    batch = [];
    const entries = ended.map(({ ended: one }) => toEntry(one, options));
    const failed = await storeAll(backend as ResultBackend, entries, onWarning);
    for (const [at, { ended: one, done }] of ended.entries()) {
      const lost = failed.get(at);
      if (lost === undefined) finish(one, done);
      else if (lost instanceof EncodeError) enqueue({ ...one, outcome: failure(lost) }, done);
      else {
        tellBroker(one.job, "requeue");
        done();
      }
    }
  };

  const enqueue = (ended: Ended, done: () => void): void => {
    if (!isStored(ended, options)) {
      finish(ended, done);
      return;
    }
    batch.push({ ended, done });
    // At rest a lone result goes at once; under load, those of one turn of the event loop go together.
    if (batch.length === 1) track((running.size === 0 ? Promise.resolve() : nextTurn()).then(flush));
  };

  const followUp = async (job: Job, outcome: Outcome, done: () => void): Promise<void> => {
    try {
      const children = await withinTraceOf(job, () => sendFollowUps(app, job, outcome));
      enqueue({ job, outcome, children }, done);
    } catch (error) {
      onWarning(`What follows task ${job.request.task}[${job.request.id}] could not be sent`, error);
      if (!(error instanceof BrokerError)) {
        const failed = failure(error);
        if (outcome.state !== "FAILURE" && needsFollowUp(job, failed)) return followUp(job, failed, done);
        return enqueue({ job, outcome: failed, children: [] }, done);
      }
      // The broker will hand the task out again; running it twice loses less than dropping what follows.
      tellBroker(job, "requeue");
      done();
    }
  };

  return {
    settle(job, outcome, done) {
      if (needsFollowUp(job, outcome)) track(followUp(job, outcome, done));
      else enqueue({ job, outcome, children: [] }, done);
    },
    async storeState(job, state, meta) {
      if (backend === undefined || job.ignoreResult) return;
      await backend.store([entryOf(job, state, meta, null, [], options)]);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isStored({ job, outcome }: Ended, { backend, app }: SettleOptions): boolean {
  if (backend === undefined || outcome.state === "IGNORED" || outcome.state === "REPLACED") return false;
  if (outcome.state === "REJECTED" && outcome.requeue) return false;
  if (!job.ignoreResult) return true;
  const { task } = job;
  const keepErrors = task.options.storeErrorsEvenIfIgnored ?? app.settings.taskStoreErrorsEvenIfIgnored;
  return keepErrors && outcome.state !== "SUCCESS";
}

function toEntry({ job, outcome, children }: Ended, options: SettleOptions): ResultEntry {
  switch (outcome.state) {
    case "SUCCESS":
      return entryOf(
        job,
        "SUCCESS",
        outcome.result ?? null,
        null,
        [...(outcome.children ?? []), ...children],
        options,
      );
    case "RETRY":
    case "FAILURE":
      return entryOf(job, outcome.state, outcome.exception, outcome.traceback, children, options);
    case "REVOKED":
      return entryOf(job, "REVOKED", outcome.exception, null, children, options);
    default:
      // Celery 5.7 stores FAILURE for a task that rejects itself without requeue.
      return entryOf(
        job,
        "FAILURE",
        "exception" in outcome ? outcome.exception : null,
        null,
        children,
        options,
      );
  }
}

function entryOf(
  job: Job,
  state: string,
  result: unknown,
  traceback: string | null,
  children: readonly ResultTuple[],
  { app, hostname }: SettleOptions,
): ResultEntry {
  const { request } = job;
  const document = toResultDocument({
    taskId: request.id,
    state,
    result,
    traceback,
    children,
    now: formatIsoTime(Date.now()),
    groupId: request.groupId ?? null,
    parentId: request.parentId ?? null,
    ...(app.settings.resultExtended ? { extended: extendedFacts(job, hostname) } : {}),
  });
  return {
    document,
    correlationId: request.correlationId,
    ...(request.replyTo === undefined ? {} : { replyTo: request.replyTo }),
  };
}

function extendedFacts({ request }: Job, hostname: string) {
  return {
    name: request.task,
    args: request.args,
    kwargs: request.kwargs,
    worker: hostname,
    retries: request.retries,
    queue: request.deliveryInfo.routingKey,
  };
}

/** Stores a batch; when that fails, one by one, so that one bad result harms no other. Returns the failures by position. */
async function storeAll(
  backend: ResultBackend,
  entries: readonly ResultEntry[],
  onWarning: (message: string, error?: unknown) => void,
): Promise<Map<number, Error>> {
  const failed = new Map<number, Error>();
  try {
    await backend.store(entries);
    return failed;
  } catch (error) {
    if (entries.length === 1 || !(error instanceof EncodeError)) {
      onWarning(`${entries.length} results could not be stored`, error);
      for (const at of entries.keys()) failed.set(at, toError(error));
      return failed;
    }
  }
  for (const [at, entry] of entries.entries()) {
    const [error] = (await storeAll(backend, [entry], onWarning)).values();
    if (error !== undefined) failed.set(at, error);
  }
  return failed;
}
