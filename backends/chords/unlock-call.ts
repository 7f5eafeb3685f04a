/**
 * Chords of result stores that do not count: a task polls the header, in any worker of the fleet. Source:
 * celery/backends/base.py of 5.7, `fallback_chord_unlock`.
 */
import { type ResultNode, type ResultTuple, type Signature, toResultTuple } from "../../protocol/index.ts";

export const CHORD_UNLOCK = "celery.chord_unlock";

/** Seconds before the first look at the header. */
const COUNTDOWN = 1;

export interface ChordUnlockOptions {
  readonly groupId: string;
  readonly body: Signature;
  readonly header: ResultNode;
  /** Where the body goes. */
  readonly queue: string;
  /** The body's; default 0. */
  readonly priority?: number;
  /** Kind of the queue's exchange, which a Python worker needs for its retries. */
  readonly exchangeType?: string;
  /** Seconds between two looks; null takes the setting of the worker that looks. */
  readonly interval?: number | null;
  /** Looks at most; null: without end in Python, until results expire here. */
  readonly maxRetries?: number | null;
}

/** Keyword arguments of a chord_unlock, by Celery's names. */
export type ChordUnlockKwargs = {
  readonly interval: number | null;
  readonly max_retries: number | null;
  readonly result: readonly ResultTuple[];
  readonly _chord_unlock_exchange_type?: string;
};

/** A call of {@link CHORD_UNLOCK}, to be published before the header's messages; any worker of Celery's can serve it. */
export interface ChordUnlockCall {
  readonly task: string;
  readonly args: readonly [groupId: string, body: Signature];
  readonly kwargs: ChordUnlockKwargs;
  readonly countdown: number;
  readonly queue: string;
  readonly priority: number;
  /** Celery's task has `ignore_result`. */
  readonly ignoreResult: true;
}

export function chordUnlockCall(options: ChordUnlockOptions): ChordUnlockCall {
  const { groupId, body, header, queue, priority = 0, exchangeType, interval, maxRetries } = options;
  return {
    task: CHORD_UNLOCK,
    args: [groupId, body],
    kwargs: {
      interval: interval ?? null,
      max_retries: maxRetries ?? null,
      result: (header.children ?? []).map(toResultTuple),
      ...(exchangeType === undefined ? {} : { _chord_unlock_exchange_type: exchangeType }),
    },
    countdown: COUNTDOWN,
    queue,
    priority,
    ignoreResult: true,
  };
}
