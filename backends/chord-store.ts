/**
 * Counting the members of a chord's header, so that its body is sent once, when the last one has ended. Source:
 * celery/backends/redis.py and base.py of 5.7 (`apply_chord`, `set_chord_size`, `add_to_chord`, `on_chord_part_return`).
 */
import {
  ConfigurationError,
  type ExceptionDocument,
  type ResultNode,
  type Signature,
} from "../protocol/index.ts";
import type { ResultBackend } from "./result-backend.ts";

/** A chord that is about to be sent. */
export interface ChordStart {
  readonly groupId: string;
  /** Tasks that end the header's members, in all. */
  readonly size: number;
  /** The header's results. */
  readonly header: ResultNode;
  /** What the results go to, with its id: so that a chord that got stuck can be ended. */
  readonly body: Signature;
}

/** The end of one member. */
export interface ChordPart {
  readonly groupId: string;
  /** Place in the header; undefined: behind all others. */
  readonly groupIndex: number | undefined;
  readonly taskId: string;
  /** SUCCESS, FAILURE or REVOKED. */
  readonly state: string;
  /** As it is stored: the return value, or the exception's document. */
  readonly result: unknown;
  readonly body: Signature;
}

/** Why a chord cannot be completed. */
export interface ChordFailure {
  /** What Celery's ChordError says: `Dependency <id> raised ValueError('bad')`. */
  readonly message: string;
  /** The member's own exception. */
  readonly cause?: ExceptionDocument;
}

/** All members have ended, and the caller is the one who sends the body. */
export interface ChordParts {
  readonly groupId: string;
  /** In the header's order, groups within it as arrays; empty after a failure. */
  readonly results: readonly unknown[];
  /** The first member that did not succeed. */
  readonly failure: ChordFailure | undefined;
  /** Keeps the claim for so long; false when somebody else has it by now. */
  extendClaim(seconds: number): Promise<boolean>;
  /** The body is sent, or failed: what was counted is removed, and members that end again change nothing. */
  done(): Promise<void>;
  /** Somebody else shall try: the next repeat of a member, or a sweep. */
  release(): Promise<void>;
}

/** What a look at a chord that may be stuck found. */
export type ChordFinding =
  /** It goes on, or has to be seen in the same state once more. */
  | { readonly kind: "waiting" }
  /** Somebody ended it; nobody looks at it again. */
  | { readonly kind: "ended" }
  /** Nothing was counted since the last look; these are not counted. */
  | { readonly kind: "idle"; readonly body: Signature; readonly uncounted: readonly UncountedMember[] }
  /** All are counted, but nobody sent the body. */
  | { readonly kind: "complete"; readonly body: Signature; readonly parts: ChordParts }
  /** No member ended for as long as results are kept; `parts` holds the failure. */
  | { readonly kind: "expired"; readonly body: Signature; readonly parts: ChordParts };

/** A member of a header of which no end is counted. */
export interface UncountedMember {
  readonly taskId: string;
  readonly groupIndex: number;
}

/** Chords that are not finished, for sweeps: nobody leads them, and several workers may do them. */
export interface ChordWatch {
  /** Up to `limit` chords whose turn it is; no other worker gets them within the next `everyMs`. */
  due(limit: number, everyMs: number): Promise<readonly string[]>;
  /** Looks at one. It counts as expired when its count may not live for two turns more. */
  look(groupId: string, everyMs: number): Promise<ChordFinding>;
  /** Nobody looks at it again. */
  forget(groupId: string): Promise<void>;
}

/**
 * All methods reject with BackendError `backend_unavailable` after the store's retry budget; all may be repeated.
 * A backend without one leaves its chords to polling (`celery.chord_unlock`); see {@link chordMethod}.
 */
export interface ChordStore {
  /** Begins to count, before a message of the header is sent. What an earlier run of the same chord left is removed. */
  start(chord: ChordStart): Promise<void>;
  /** So many tasks more belong to the header than it had at the start. */
  extend(groupId: string, members: number): Promise<void>;
  /** Counts a member whose result is stored, once however often it ends. Answers when it was the last one. */
  part(part: ChordPart): Promise<ChordParts | undefined>;
  /** Absent where nothing can get stuck that this process does not take with it. */
  readonly watch?: ChordWatch;
}

/** How the chords of an application are counted. Throws ConfigurationError for result stores that cannot have chords. */
export function chordMethod(backend: ResultBackend): "counted" | "polled" {
  if (backend.chords !== undefined) return "counted";
  if (backend.shared) return "polled";
  throw new ConfigurationError(
    `Chords need a result store that all workers read, and results of "${backend.name}" go to one caller only: set resultBackend to a Redis or database URL.`,
  );
}
