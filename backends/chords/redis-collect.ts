/** Reads what the members of a completed header returned. */
import { DecodeError, fromResultTuple, isReady, type ResultNode } from "../../protocol/index.ts";
import type { ChordFailure, ChordParts } from "../chord-store.ts";
import type { FoundDocument } from "../result-backend.ts";
import type { ChordMember } from "./failure.ts";
import { type Joined, joinMembers, leavesOf, toMember } from "./join.ts";
import type { Claim, RedisChords } from "./redis-keys.ts";

/** Members read at once: their results may be large. */
const CHUNK = 500;
/** Pause between two looks for results of groups within a header. */
const JOIN_PAUSE_MS = 100;

/** Reads what all members returned. undefined when some were counted twice, and others are missing. */
export async function collect(chords: RedisChords, claim: Claim): Promise<ChordParts | undefined> {
  const { groupId } = claim;
  try {
    const [members, total] = await readMembers(chords, groupId);
    if (chords.inOrder && members.length < total) {
      await claim.release();
      return undefined;
    }
    const saved = await chords.restoreGroup(groupId);
    const header = saved === undefined ? undefined : fromResultTuple(saved);
    const known = header === undefined ? members : await withMissing(chords, members, header);
    return { ...claim, ...joinMembers(known, header) };
  } catch (error) {
    if (!(error instanceof DecodeError)) {
      await claim.release().catch(() => undefined);
      throw error;
    }
    return { ...claim, ...failed({ message: `Join error: ${error.message}` }) };
  }
}

function failed(failure: ChordFailure): Joined {
  return { results: [], failure };
}

/** Members in the header's order, each once, and how many there must be. */
async function readMembers(
  chords: RedisChords,
  groupId: string,
): Promise<readonly [members: readonly ChordMember[], total: number]> {
  const { returned, size, more } = chords.keysOf(groupId);
  const [wanted, added] = await chords.run((client) => client.mget(size, more));
  const members = new Map<string, ChordMember>();
  for (let at = 0; ; at += CHUNK) {
    const chunk = await readChunk(chords, returned, at);
    for (const [position, { value, place }] of chunk.entries()) {
      const member = toMember(await chords.encoding.decode(value));
      const key = chords.inOrder ? `${member.taskId}:${place}` : String(at + position);
      if (!members.has(key)) members.set(key, member);
    }
    if (chunk.length < CHUNK) return [[...members.values()], Number(wanted ?? 0) + Number(added ?? 0)];
  }
}

async function readChunk(
  { run, inOrder }: RedisChords,
  key: string,
  at: number,
): Promise<readonly { readonly value: Buffer; readonly place: string }[]> {
  const last = at + CHUNK - 1;
  if (!inOrder)
    return (await run((client) => client.lrangeBuffer(key, at, last))).map((value) => ({ value, place: "" }));
  const pairs = await run((client) => client.zrangeBuffer(key, at, String(last), "WITHSCORES"));
  return pairs.flatMap((value, position) =>
    position % 2 === 0 ? [{ value, place: String(pairs[position + 1]) }] : [],
  );
}

/** Tasks of the header that did not count by themselves have their results in the store. */
async function withMissing(
  chords: RedisChords,
  members: readonly ChordMember[],
  header: ResultNode,
): Promise<readonly ChordMember[]> {
  const ids = new Set(members.map(({ taskId }) => taskId));
  const missing = leavesOf(header).filter((taskId) => !ids.has(taskId));
  if (missing.length === 0) return members;
  const deadlineAtMs = performance.now() + chords.joinTimeoutSeconds * 1000;
  for (;;) {
    const ended = (await chords.getMany(missing)).flatMap(endedMember);
    if (ended.length === missing.length) return [...members, ...ended];
    if (performance.now() > deadlineAtMs) {
      const text = `TimeoutError('The results of ${missing.length - ended.length} tasks of the header are missing.')`;
      throw new DecodeError("bad_result", text);
    }
    await new Promise((resolve) => setTimeout(resolve, JOIN_PAUSE_MS));
  }
}

function endedMember(found: FoundDocument): readonly ChordMember[] {
  if (found instanceof DecodeError) throw found;
  if (found === undefined || !isReady(found.status)) return [];
  return [{ taskId: found.task_id, state: found.status, result: found.result }];
}
