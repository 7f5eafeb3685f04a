/** Replays as callers ask for them and see them. */
import { formatIsoTime } from "../../protocol/index.ts";
import { fromQueue } from "../access/caller.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import { readTime } from "../times.ts";
import type { ReplayOrder } from "./replay-desk.ts";
import type { ReplayFilter, ReplayRecord } from "./replay-records.ts";

/** The body of `POST /v1/replays`, once its schema has accepted it. */
export interface ReplayRequest {
  readonly queue: string;
  readonly to_queue?: string;
  readonly rate_per_s?: number;
  readonly filter?: {
    readonly reason?: string;
    readonly task?: string;
    readonly since?: string;
    readonly until?: string;
  };
}

const DEFAULT_RATE = 10;

/** Throws Problem `bad-eta` and `invalid-arguments`. */
export function toOrder(request: ReplayRequest): Omit<ReplayOrder, "isAllowed"> {
  const { queue, to_queue: toQueue, rate_per_s: ratePerSecond = DEFAULT_RATE, filter = {} } = request;
  const { reason, task, since, until } = filter;
  const sinceMs = since === undefined ? undefined : Date.parse(readTime(since, "/filter/since"));
  const untilMs = until === undefined ? undefined : Date.parse(readTime(until, "/filter/until"));
  if (sinceMs !== undefined && untilMs !== undefined && untilMs < sinceMs) {
    const detail = "until is before since: no letter is in between";
    throw new Problem("invalid-arguments", {
      detail,
      members: { errors: [{ pointer: "/filter/until", detail }] },
    });
  }
  return {
    queue,
    toQueue,
    ratePerSecond,
    filter: {
      ...(reason === undefined ? {} : { reason }),
      ...(task === undefined ? {} : { task }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(untilMs === undefined ? {} : { untilMs }),
    },
  };
}

export function replayLink(id: string, base: string): string {
  return `${base}/v1/replays/${id}`;
}

/** JSON text. */
export function replayText(record: ReplayRecord, { base, caller }: Exchange): string {
  const { id, queue, toQueue, filter, ratePerSecond, state, moved, failed, kept, refused, total } = record;
  return JSON.stringify({
    id,
    queue: fromQueue(caller, queue),
    to_queue: toQueue === undefined ? undefined : fromQueue(caller, toQueue),
    filter: filterMembers(filter),
    rate_per_s: ratePerSecond,
    state,
    moved,
    failed,
    kept,
    refused,
    total,
    started_at: formatIsoTime(record.startedAtMs),
    ...(record.endedAtMs === undefined ? {} : { ended_at: formatIsoTime(record.endedAtMs) }),
    links: { self: replayLink(id, base) },
  });
}

function filterMembers({ reason, task, sinceMs, untilMs }: ReplayFilter): object {
  return {
    reason,
    task,
    since: sinceMs === undefined ? undefined : formatIsoTime(sinceMs),
    until: untilMs === undefined ? undefined : formatIsoTime(untilMs),
  };
}
