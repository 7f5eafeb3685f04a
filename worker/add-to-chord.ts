/** A running member of a chord's header makes the header longer. Source: celery/app/task.py of 5.7, `Task.add_to_chord`. */
import { type App, applyCanvas } from "../app/index.ts";
import { chordMethod } from "../backends/index.ts";
import { ConfigurationError, type Signature } from "../protocol/index.ts";
import type { Run } from "./job.ts";

/** Resolves to the new member's id when the broker has it. Throws ConfigurationError where there is no such chord. */
export type AddToChord = (run: Run, member: Signature) => Promise<string>;

export function createAddToChord(app: App): AddToChord {
  return async ({ request }, member) => {
    const { id, rootId, groupId, groupIndex, replyTo, embed } = request;
    if (embed.chord === undefined || groupId === undefined)
      throw new ConfigurationError(`Task ${request.task}[${id}] is not in the header of a chord.`);
    if (member.subtask_type === "group")
      throw new ConfigurationError("A group cannot be added to a chord: add its members.");
    const { chords } = await countingBackend(app);
    await chords?.extend(groupId, 1);
    const place = { group_id: groupId, group_index: groupIndex, chord: embed.chord };
    const options = { ...place, root_id: rootId, parent_id: id };
    return (await applyCanvas(app, member, { options }, replyTo)).id;
  };
}

async function countingBackend(app: App): ReturnType<App["backend"]> {
  const backend = await app.backend();
  if (chordMethod(backend) === "counted") return backend;
  throw new ConfigurationError(
    "A chord can become longer only where members are counted: with results in Redis.",
  );
}
