/**
 * Joins chords: counts members that have ended, sends the body behind the last one, and ends a chord that cannot succeed so
 * that nobody waits for it. Source: celery/backends/redis.py and base.py of 5.7, `on_chord_part_return` and `chord_error_from_stack`.
 */
import type { ChordFailure, ChordParts, ResultBackend } from "../../backends/index.ts";
import { exceptionRepr } from "../../backends/index.ts";
import {
  BrokerError,
  EncodeError,
  type ExceptionDocument,
  formatIsoTime,
  type PlainObject,
  type Signature,
  toResultDocument,
} from "../../protocol/index.ts";
import { exceptionDocument, toExceptionDocument } from "../outcome.ts";
import { type BodyResults, bodyResults, chainResults } from "./body-results.ts";

/** Sends a canvas with arguments in front of its own; options have Celery's names. Rejects with BrokerError when the broker does not take it. */
export type ApplySignature = (
  signature: Signature,
  args: readonly unknown[],
  options: PlainObject,
) => Promise<unknown>;

export interface ChordJoinerOptions {
  readonly backend: ResultBackend;
  readonly applySignature: ApplySignature;
  /** Seconds that one attempt to send may take: the setting taskPublishDeadline. */
  readonly publishDeadlineSeconds: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** A task that is in the header of a chord. */
export interface ChordMemberFacts {
  readonly taskId: string;
  readonly groupId: string | undefined;
  readonly groupIndex: number | undefined;
  /** The body. */
  readonly chord: Signature;
  readonly rootId?: string;
}

/** How a chain or a chord came to its end before its last task. */
export interface EarlyEnd {
  /** FAILURE or REVOKED. */
  readonly state: string;
  readonly exception: ExceptionDocument;
  readonly traceback?: string | null;
}

export interface ChordJoiner {
  /**
   * A member has ended in SUCCESS, FAILURE or REVOKED and its result is stored. Call it before the member's message is
   * acknowledged: when it rejects (broker or store away), the message must be given back, and its repeat finishes the chord.
   */
  partReturned(member: ChordMemberFacts, state: string, result: unknown): Promise<void>;
  /** Steps of a chain that will not run: each gets the failure, and so does a chord that one of them counts for. */
  failSteps(steps: readonly Signature[], end: EarlyEnd): Promise<void>;
  /** Sends the body, or fails it, for the owner of the claim. */
  finish(parts: ChordParts, body: Signature, last?: ChordMemberFacts): Promise<void>;
  /** Sends the body of a chord whose header succeeded, or fails it when that can never work. Rejects with BrokerError. */
  sendBody(body: Signature, results: readonly unknown[], options: PlainObject): Promise<void>;
  /** Ends a chord with ChordError: stored for all that waits for the body, errbacks called, outer chords told. */
  failBody(body: Signature, failure: ChordFailure): Promise<void>;
}

/** The whole time that a body is tried to be sent, in attempts. */
const PUBLISH_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** Results stored at once. */
const CHUNK = 500;

export function createChordJoiner(options: ChordJoinerOptions): ChordJoiner {
  const { backend, applySignature, publishDeadlineSeconds, onWarning } = options;

  const partReturned: ChordJoiner["partReturned"] = async (member, state, result) => {
    const { taskId, groupId, groupIndex, chord: body } = member;
    const { chords } = backend;
    if (groupId === undefined || chords === undefined) return;
    const part = { groupId, groupIndex, taskId, body };
    const parts = await chords.part({ ...part, state, result }).catch((error: unknown) => {
      if (!(error instanceof EncodeError)) throw error;
      // What cannot be stored, as nobody wanted it to be, cannot be handed to the body either.
      return chords.part({ ...part, state: "FAILURE", result: toExceptionDocument(error) });
    });
    if (parts !== undefined) await finish(parts, body, member);
  };

  const finish: ChordJoiner["finish"] = async (parts, body, last) => {
    try {
      if (parts.failure !== undefined) await failBody(body, parts.failure);
      else if (!(await sendClaimed(parts, body, last))) return;
    } catch (error) {
      await parts.release().catch(() => undefined);
      throw error;
    }
    await parts.done();
  };

  /** False when the claim went to somebody else. */
  const sendClaimed = async (
    parts: ChordParts,
    body: Signature,
    last: ChordMemberFacts | undefined,
  ): Promise<boolean> => {
    const family = familyOf(body, last);
    const deadlineAtMs = performance.now() + publishDeadlineSeconds * 1000 * PUBLISH_ATTEMPTS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      // As long as an attempt and the pause behind it may take, and a little more.
      if (!(await parts.extendClaim(2 * publishDeadlineSeconds + 5))) {
        onWarning(`The body of chord ${parts.groupId} is not sent: another worker has the claim by now`);
        return false;
      }
      try {
        await sendBody(body, parts.results, family);
        return true;
      } catch (error) {
        if (!(error instanceof BrokerError) || performance.now() + pauseMs > deadlineAtMs) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };

  const sendBody: ChordJoiner["sendBody"] = async (body, results, family) => {
    try {
      await applySignature(body, [results], family);
    } catch (error) {
      if (error instanceof BrokerError && error.code !== "unroutable") throw error;
      await failBody(body, { message: `Callback error: ${exceptionRepr(toExceptionDocument(error))}` });
    }
  };

  const failBody: ChordJoiner["failBody"] = async (body, failure) => {
    const exception = exceptionDocument("celery.exceptions", "ChordError", failure.message);
    onWarning(`The chord of ${body.task}[${String(body.options["task_id"])}] failed: ${failure.message}`);
    await fail(bodyResults(body), { state: "FAILURE", exception }, failure.cause ?? exception);
  };

  const failSteps: ChordJoiner["failSteps"] = (steps, end) => fail(chainResults(steps), end, end.exception);

  const fail = async (results: BodyResults, end: EarlyEnd, inGroups: ExceptionDocument): Promise<void> => {
    await store(results.taskIds, end);
    await store(results.groupIds, { ...end, exception: inGroups });
    for (const { errback, taskId } of results.errbacks) {
      await applySignature(errback, [taskId], { parent_id: taskId, root_id: taskId });
    }
    for (const member of results.outerMembers) await partReturned(member, end.state, end.exception);
  };

  const store = async (taskIds: readonly string[], end: EarlyEnd): Promise<void> => {
    const { state, exception, traceback = null } = end;
    const now = formatIsoTime(Date.now());
    for (let at = 0; at < taskIds.length; at += CHUNK) {
      const entries = taskIds.slice(at, at + CHUNK).map((taskId) => ({
        document: toResultDocument({ taskId, state, result: exception, traceback, children: null, now }),
      }));
      await backend.store(entries);
    }
  };

  return { partReturned, failSteps, finish, sendBody, failBody };
}

/** The body belongs to the family of the member that was last, unless it was sent with one. */
function familyOf({ options }: Signature, last: ChordMemberFacts | undefined): PlainObject {
  if (last === undefined) return {};
  return {
    ...(isGiven(options["parent_id"]) ? {} : { parent_id: last.taskId }),
    ...(isGiven(options["root_id"]) || last.rootId === undefined ? {} : { root_id: last.rootId }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
