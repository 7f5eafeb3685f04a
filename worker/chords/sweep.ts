/**
 * Looks after chords that got stuck, so that none waits for ever: members that ended but were never counted (their worker
 * died, or counted in vain) are counted, a body that nobody sent is sent, and a chord whose members do not end any more fails.
 */
import type { ChordFinding, ChordWatch, ResultBackend } from "../../backends/index.ts";
import { DecodeError, isReady, type Signature } from "../../protocol/index.ts";
import { bodyResults } from "./body-results.ts";
import type { ChordJoiner } from "./joiner.ts";

export interface ChordSweepOptions {
  readonly backend: ResultBackend;
  readonly joiner: ChordJoiner;
  /** Time between two sweeps; a chord must look the same in two of them before anything is done. */
  readonly everyMs: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Chords that one sweep takes at once, and how often; the rest are left to other workers and the next sweep. */
const BATCH = 100;
const MAX_BATCHES = 50;
/** Results read at once. */
const CHUNK = 500;

/** One sweep; never rejects. Resolves with the number of chords that were looked at. */
export async function sweepChords(options: ChordSweepOptions): Promise<number> {
  const watch = options.backend.chords?.watch;
  if (watch === undefined) return 0;
  let count = 0;
  try {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const groupIds = await watch.due(BATCH, options.everyMs);
      count += groupIds.length;
      for (const groupId of groupIds) await lookAfter(groupId, watch, options);
      if (groupIds.length < BATCH) break;
    }
  } catch (error) {
    options.onWarning("Chords that may be stuck cannot be looked for", error);
  }
  return count;
}

async function lookAfter(groupId: string, watch: ChordWatch, options: ChordSweepOptions): Promise<void> {
  try {
    const finding = await watch.look(groupId, options.everyMs);
    if (finding.kind === "waiting" || finding.kind === "ended") return;
    if (await isBodyOnItsWay(finding.body, options.backend)) {
      if (finding.kind !== "idle") await finding.parts.release();
      return await watch.forget(groupId);
    }
    await help(groupId, finding, options);
  } catch (error) {
    options.onWarning(`The chord ${groupId} may be stuck, and could not be helped`, error);
  }
}

/** Workers before 5.7 leave no other sign that they ended a chord. */
async function isBodyOnItsWay(body: Signature, backend: ResultBackend): Promise<boolean> {
  const { taskIds, groupIds } = bodyResults(body);
  const found = await backend.getMany([...taskIds, ...groupIds].slice(0, CHUNK));
  return found.some((document) => document !== undefined);
}

async function help(
  groupId: string,
  finding: Exclude<ChordFinding, { readonly kind: "waiting" | "ended" }>,
  { backend, joiner, onWarning }: ChordSweepOptions,
): Promise<void> {
  const { body } = finding;
  if (finding.kind !== "idle") {
    onWarning(`The chord ${groupId} was ${finding.kind}, but nobody ended it`);
    return joiner.finish(finding.parts, body);
  }
  const { uncounted } = finding;
  for (let at = 0; at < uncounted.length; at += CHUNK) {
    const members = uncounted.slice(at, at + CHUNK);
    const documents = await backend.getMany(members.map(({ taskId }) => taskId));
    for (const [index, { taskId, groupIndex }] of members.entries()) {
      const document = documents[index];
      if (document === undefined || document instanceof DecodeError || !isReady(document.status)) continue;
      onWarning(`Task ${taskId} of the chord ${groupId} ended, but was not counted`);
      const { status, result } = document;
      await joiner.partReturned({ taskId, groupId, groupIndex, chord: body }, status, result);
    }
  }
}
