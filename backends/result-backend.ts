/**
 * The result seam. Documents are Celery's (protocol/result-document.ts); a backend only keeps and finds them.
 * Stores come in batches because the worker settles in batches.
 */
import type { ResultEncoding } from "../codecs/result-encoding.ts";
import type { DecodeError } from "../protocol/errors.ts";
import type { ResultDocument, ResultTuple } from "../protocol/result-document.ts";
import type { ChordStore } from "./chord-store.ts";

export type { ResultEncoding } from "../codecs/result-encoding.ts";

/** One result to keep. */
export interface ResultEntry {
  readonly document: ResultDocument;
  /** Where an rpc result goes: the request's reply_to and correlation id. Other backends ignore it. */
  readonly replyTo?: string;
  readonly correlationId?: string;
}

/** What is stored for one id. */
export type FoundDocument = ResultDocument | DecodeError | undefined;

/** How long a caller waits, and what may end the wait early. */
export interface WaitOptions {
  /** undefined waits for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** The task is not sent yet: there is nothing to read at once, only to listen for. */
  readonly isNew?: boolean;
  /** Called with every document seen on the way, the final one included. */
  readonly onChange?: (document: ResultDocument) => void;
}

export interface ResultBackend {
  readonly name: string;
  /** The queue that results of this process's tasks are sent to; only rpc has one. */
  readonly replyTo: string | undefined;
  /** Must have resolved before a task is published whose result is to be read; absent where nothing has to be made ready (all but rpc). */
  prepare?(): Promise<void>;
  /** False when only the process that sent a task can read its result (rpc). */
  readonly shared: boolean;
  /** Counts chords; absent where they are polled, or impossible: `chordMethod()` tells. */
  readonly chords?: ChordStore;
  /** Keeps all entries; a stored SUCCESS is never overwritten. Rejects with BackendError `backend_unavailable` after the retry budget. */
  store(entries: readonly ResultEntry[]): Promise<void>;
  /** The newest document, undefined when nothing is stored. Throws DecodeError `bad_result` for garbage. */
  get(taskId: string): Promise<ResultDocument | undefined>;
  /**
   * The newest documents of many tasks in few round trips, one for each id in its place: undefined where nothing is
   * stored, the error where the document cannot be read.
   */
  getMany(taskIds: readonly string[]): Promise<readonly FoundDocument[]>;
  /**
   * Resolves with the first document in a ready state (SUCCESS, FAILURE, REVOKED). Rejects with WaitTimeoutError.
   * Calling it before the task is published never misses a result.
   */
  wait(taskId: string, options?: WaitOptions): Promise<ResultDocument>;
  /** Removes results; ids without one are ignored. */
  forget(taskIds: readonly string[]): Promise<void>;
  /** Keeps which results a group has, in place of what was kept for it. Rejects with CelerityError `unsupported` where results are not shared (rpc). */
  saveGroup(groupId: string, group: ResultTuple): Promise<void>;
  /** What {@link saveGroup} or a Python client kept; undefined for nothing. Throws DecodeError `bad_result` for garbage. */
  restoreGroup(groupId: string): Promise<ResultTuple | undefined>;
  /** Removes what was kept for a group; its members' results stay. */
  deleteGroup(groupId: string): Promise<void>;
  /** Removes what is older than `result_expires` where the store does not expire by itself; says how many. */
  cleanup(): Promise<number>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** How chords are counted. */
export interface ChordOptions {
  /** Seconds that counts are kept after the last end of a member; 0 keeps them for ever. Default: as results. */
  readonly expiresSeconds?: number;
  /** Seconds that results of groups within a header are waited for. Default: 3. */
  readonly joinTimeoutSeconds?: number;
  /** Seconds until a new chord is looked at for the first time. Default: 30. */
  readonly sweepSeconds?: number;
}

/** What a backend is made from. */
export interface BackendOptions {
  readonly url: string;
  /** Seconds a result is kept; 0 keeps it for ever. */
  readonly expiresSeconds: number;
  readonly encoding: ResultEncoding;
  /** Celery's `result_backend_transport_options`, in camelCase. */
  readonly transportOptions: Readonly<Record<string, unknown>>;
  /** How chords are counted; Celery's defaults where it is absent. */
  readonly chords?: ChordOptions;
  /** IANA zone of the app: the database backend keeps naive times in it. */
  readonly timezone: string;
  /** Queue for results that are sent to this process (rpc). */
  readonly replyTo: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** A driver module's default export; may open connections lazily. */
export type BackendFactory = (options: BackendOptions) => ResultBackend;
