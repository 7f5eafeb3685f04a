/** A job's way through the parts of a worker: from the broker to its scheduler, and when it has ended to be settled. */
import { type Awaitable, andThen } from "../codecs/index.ts";
import type { Delivery } from "../transports/index.ts";
import { previousDeliveries } from "./deliveries.ts";
import { describeOutcome } from "./describe-outcome.ts";
import type { EventSender } from "./events.ts";
import { isRefusal, type Refusal } from "./intake.ts";
import type { Job } from "./job.ts";
import { lostRefusal } from "./lost.ts";
import type { Outcome } from "./outcome.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Settler } from "./settle.ts";
import type { Parts, Worker } from "./worker.ts";

export class JobFlow {
  readonly #worker: Worker;
  readonly #total = new Map<string, number>();
  #processed = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Tasks ended, by name. */
  get total(): ReadonlyMap<string, number> {
    return this.#total;
  }

  /** Tasks ended in all. */
  get processed(): number {
    return this.#processed;
  }

  /** Takes what the broker handed out; resolves when each message is on its way, or refused. */
  async takeIn(deliveries: readonly Delivery[], scheduler: Scheduler): Promise<void> {
    const { parts } = this.#worker;
    if (parts === undefined) return;
    const pending: Promise<void>[] = [];
    for (const delivery of deliveries) {
      const accepted = andThen(parts.intake(delivery), (one) =>
        this.#accept(delivery, one, parts, scheduler),
      );
      if (accepted instanceof Promise) pending.push(accepted);
    }
    if (pending.length > 0) await Promise.all(pending);
  }

  #accept(
    delivery: Delivery,
    accepted: Job | Refusal | undefined,
    parts: Parts,
    scheduler: Scheduler,
  ): Awaitable<void> {
    if (accepted === undefined) {
      parts.sender.giveBack(delivery);
      return;
    }
    if (isRefusal(accepted)) {
      this.#refuse(accepted, parts);
      return;
    }
    return andThen(parts.park(accepted, scheduler), (isParked) => {
      if (isParked) return;
      // It runs nothing of the app's that could have killed a worker, and may wait for long.
      if (parts.httpTasks?.serves(accepted) === true) return this.#keepUnlessDone(accepted, parts, scheduler);
      return andThen(parts.suspects.admit(accepted), (admission) => {
        if (admission === "start") return this.#keepUnlessDone(accepted, parts, scheduler);
        if (admission === "give up") this.#refuse(lostRefusal(accepted, previousDeliveries(delivery)), parts);
      });
    });
  }

  #keepUnlessDone(job: Job, parts: Parts, scheduler: Scheduler): Awaitable<void> {
    return andThen(parts.findDone(job), (done) => {
      if (done === undefined) return this.#keep(job, parts, scheduler);
      parts.events.received(job);
      parts.suspects.ended(job);
      this.ended(done.job, done.outcome, parts.settler, parts.events);
    });
  }

  #keep(job: Job, parts: Parts, scheduler: Scheduler): void {
    const { task, id: taskId } = job.request;
    this.#worker.app.signals.send("task_received", () => ({ task, taskId }));
    parts.events.received(job);
    if (!job.acksLate) {
      parts.sealCheck?.settled(job.delivery);
      job.delivery.ack();
    }
    scheduler.add(job);
  }

  #refuse(refusal: Refusal, { events, refuser }: Parts): void {
    const { code, reason, taskId, taskName: task } = refusal;
    const { signals } = this.#worker.app;
    if (code === "not_registered") signals.send("task_unknown", () => ({ task, taskId }));
    signals.send("task_rejected", () => ({ task, taskId, code, reason }));
    events.refused(refusal);
    refuser.refuse(refusal);
  }

  /** Stores who runs it. */
  storeStarted(job: Job, settler: Settler, note: object = {}): Promise<void> {
    return settler.storeState(job, "STARTED", { pid: job.pid, hostname: this.#worker.hostname, ...note });
  }

  started(job: Job, settler: Settler, events: EventSender): void {
    events.started(job);
    const tracked = job.task.options.trackStarted ?? this.#worker.app.settings.taskTrackStarted;
    if (!tracked || this.#worker.parts?.suspects.has(job) === true) return;
    this.storeStarted(job, settler).catch((error: unknown) => {
      this.#worker.warn(`STARTED of ${job.request.id} could not be stored`, error);
    });
  }

  ended(job: Job, outcome: Outcome, settler: Settler, events: EventSender): void {
    const { task } = job.request;
    this.#processed += 1;
    this.#total.set(task, (this.#total.get(task) ?? 0) + 1);
    this.#worker.parts?.suspects.ended(job);
    for (const lane of this.#worker.parts?.lanes ?? []) lane.onEnd();
    if (outcome.state === "LOST") {
      this.#log(job, outcome);
      this.#worker.parts?.lostHandler(job, outcome);
      return;
    }
    if (outcome.state === "REVOKED") {
      const { signum, exception } = outcome;
      const facts = { terminated: signum !== undefined, expired: exception.exc_message[0] === "expired" };
      this.#worker.app.signals.send("task_revoked", () => ({ task, taskId: job.request.id, ...facts }));
    }
    settler.settle(job, outcome, () => {
      events.ended(job, outcome);
      this.#log(job, outcome);
    });
  }

  #log(job: Job, outcome: Outcome): void {
    const { logger } = this.#worker;
    if (logger === undefined) return;
    const { message, isTrouble, ...facts } = describeOutcome(job, outcome);
    if (isTrouble) logger.warn(facts, message);
    else logger.info(facts, message);
  }
}
