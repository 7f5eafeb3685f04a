/**
 * Tasks whose ETA is far away stay with the broker, where it can keep them: the worker puts them back until then, and
 * neither its memory nor its prefetch is filled by what cannot run yet.
 */
import type { Awaitable } from "../codecs/index.ts";
import type { Job } from "./job.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SealCheck } from "./seal-check.ts";

export interface ParkingOptions {
  /** Longest wait in memory, in seconds (workerEtaParkAfter); null lets only `etaLimit` decide. */
  readonly afterSeconds: number | null;
  /** Tasks of one pool that wait in memory at most (workerEtaTaskLimit). */
  readonly etaLimit: number;
  /** undefined: seals are not looked at. */
  readonly sealCheck: SealCheck | undefined;
}

/**
 * Answers whether the job was parked: then it is settled, and comes again when it is due. Comes before it is acknowledged,
 * and before anybody is told of it.
 */
export type Park = (job: Job, scheduler: Scheduler) => Awaitable<boolean>;

export function createPark({ afterSeconds, etaLimit, sealCheck }: ParkingOptions): Park {
  const longestMs = afterSeconds === null ? Number.POSITIVE_INFINITY : afterSeconds * 1000;
  const isWanted = (leftMs: number, scheduler: Scheduler): boolean =>
    leftMs > 0 && (leftMs > longestMs || scheduler.scheduledCount >= etaLimit);

  return (job, scheduler) => {
    const { delivery, request } = job;
    const { etaMs } = request;
    if (etaMs === undefined || delivery.park === undefined) return false;
    // One that is revoked ends now: when it is due, nobody may remember.
    if (!isWanted(etaMs - Date.now(), scheduler) || scheduler.refusal(job) !== undefined) return false;
    if (sealCheck === undefined) {
      delivery.park(etaMs);
      return true;
    }
    // Its seal counts as used, and must not when it comes again.
    return sealCheck.released(delivery).then((isFree) => {
      if (isFree) delivery.park?.(etaMs);
      return isFree;
    });
  };
}
