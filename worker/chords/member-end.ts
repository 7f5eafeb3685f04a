/** What the end of a job means to chords and chains that it is part of. Source: celery/backends/base.py of 5.7, `mark_as_done`, `mark_as_failure`. */
import type { Job } from "../job.ts";
import type { Outcome } from "../outcome.ts";
import type { ChordJoiner, EarlyEnd } from "./joiner.ts";

/**
 * Counts the job in its chord, and fails what comes behind it in its chain; undefined when there is nothing to do. To be
 * called when the result is stored; when it rejects, the message must be given back.
 */
export function endMember(joiner: ChordJoiner, job: Job, outcome: Outcome): Promise<void> | undefined {
  const { chord, chain } = job.request.embed;
  const end = earlyEnd(outcome);
  if (end === undefined && outcome.state !== "SUCCESS") return undefined;
  const isBroken = end !== undefined && chain.length > 0;
  if (chord === undefined && !isBroken) return undefined;
  return tell(joiner, job, outcome, end);
}

async function tell(
  joiner: ChordJoiner,
  { request }: Job,
  outcome: Outcome,
  end: EarlyEnd | undefined,
): Promise<void> {
  const { id: taskId, groupId, groupIndex, rootId, embed } = request;
  if (embed.chord !== undefined) {
    const member = { taskId, groupId, groupIndex, rootId, chord: embed.chord };
    const result = outcome.state === "SUCCESS" ? (outcome.result ?? null) : end?.exception;
    await joiner.partReturned(member, end?.state ?? "SUCCESS", result);
  }
  if (end !== undefined) await joiner.failSteps(embed.chain, end);
}

/** The end of a job that did not succeed and does not run again. */
function earlyEnd(outcome: Outcome): EarlyEnd | undefined {
  switch (outcome.state) {
    case "FAILURE":
      return { state: "FAILURE", exception: outcome.exception, traceback: outcome.traceback };
    case "REVOKED":
      return { state: "REVOKED", exception: outcome.exception };
    case "REJECTED":
      return outcome.requeue ? undefined : { state: "FAILURE", exception: outcome.exception };
    default:
      return undefined;
  }
}
