/** Chords in Redis that are not finished. Workers share the index, and each look at a chord is one worker's. */
import { parseSignature, type Signature } from "../../protocol/index.ts";
import type { ChordFinding, ChordWatch, UncountedMember } from "../chord-store.ts";
import { collect } from "./redis-collect.ts";
import type { Claim, RedisChords } from "./redis-keys.ts";
import { DUE, LOOK } from "./redis-scripts.ts";

/** Chords in the index, and ids of members that are kept of one, at most. */
export const MAX_WATCHED = 100_000;
export const MAX_WATCHED_IDS = 100_000;
/** Members asked about at once. */
const CHUNK = 500;

/** What LOOK returns. */
interface Sight {
  readonly counted: number;
  /** -1: nothing tells how many. */
  readonly wanted: number;
  readonly claim: string;
  /** -1: for ever. */
  readonly livesMs: number;
  readonly countedBefore: number;
  readonly touchedAtMs: number;
  readonly body: Signature | undefined;
}

export function createRedisWatch(chords: RedisChords): ChordWatch {
  const forget = async (groupId: string): Promise<void> => {
    const { notes } = chords.keysOf(groupId);
    await chords.run((client) => Promise.all([client.zrem(chords.index, groupId), client.del(notes)]));
  };

  const ended = async (groupId: string): Promise<ChordFinding> => {
    await forget(groupId);
    return { kind: "ended" };
  };

  const expire = async (groupId: string, body: Signature, sight: Sight): Promise<ChordFinding> => {
    const claim = await chords.claim(groupId);
    if (claim === undefined) return { kind: "waiting" };
    const failure = { message: expiryOf(groupId, sight, chords.expires) };
    return { kind: "expired", body, parts: { ...claim, results: [], failure } };
  };

  const complete = async (claim: Claim, body: Signature): Promise<ChordFinding> => {
    const parts = await collect(chords, claim);
    return parts === undefined ? { kind: "waiting" } : { kind: "complete", body, parts };
  };

  return {
    async due(limit, everyMs) {
      const now = Date.now();
      return (await chords.script(DUE, [chords.index], [now, now + everyMs, limit])) as string[];
    },

    async look(groupId, everyMs) {
      const marginMs = Math.min(2 * everyMs, chords.expires * 500);
      const sight = await see(chords, groupId);
      const { body, claim, counted, wanted, livesMs } = sight;
      if (body === undefined || claim === "done") return ended(groupId);
      if (claim !== "") return { kind: "waiting" };
      if (wanted < 0) {
        // A count goes when it is finished, and when nothing was counted for too long.
        const isOld = chords.expires > 0 && Date.now() - sight.touchedAtMs >= chords.expires * 1000;
        return isOld ? expire(groupId, body, sight) : ended(groupId);
      }
      if (livesMs >= 0 && livesMs <= marginMs) return expire(groupId, body, sight);
      if (counted !== sight.countedBefore) return { kind: "waiting" };
      if (counted >= wanted) {
        const taken = await chords.claim(groupId);
        return taken === undefined ? { kind: "waiting" } : complete(taken, body);
      }
      const uncounted = await readUncounted(chords, groupId);
      return uncounted.length === 0 ? { kind: "waiting" } : { kind: "idle", body, uncounted };
    },

    forget,
  };
}

async function see(chords: RedisChords, groupId: string): Promise<Sight> {
  const { returned, more, size, claim, notes } = chords.keysOf(groupId);
  const answer = (await chords.script(
    LOOK,
    [returned, more, size, claim, notes],
    [chords.inOrder ? 1 : 0],
  )) as readonly [number, number, string, number, number, string, number];
  const [counted, wanted, owner, livesMs, countedBefore, touched, isNoted] = answer;
  return {
    counted,
    wanted,
    claim: owner,
    livesMs,
    countedBefore,
    touchedAtMs: Number(touched),
    body: isNoted === 1 ? await readBody(chords, groupId) : undefined,
  };
}

/** undefined for one that cannot be read: its chord is nothing that a sweep could end. */
async function readBody(chords: RedisChords, groupId: string): Promise<Signature | undefined> {
  const bytes = await chords.run((client) => client.hgetBuffer(chords.keysOf(groupId).notes, "body"));
  if (bytes === null) return undefined;
  try {
    return parseSignature(await chords.encoding.decode(bytes), "body");
  } catch (error) {
    chords.onWarning(`The body of chord ${groupId} cannot be read, so no sweep looks after it`, error);
    return undefined;
  }
}

/** Members of the header, as far as they are known, of which no end is counted. */
async function readUncounted(chords: RedisChords, groupId: string): Promise<readonly UncountedMember[]> {
  const { notes, seen } = chords.keysOf(groupId);
  const text = await chords.run((client) => client.hget(notes, "ids"));
  const ids = text === null ? [] : (JSON.parse(text) as readonly string[]);
  const counted = new Set<string>();
  for (let cursor = "0"; ; ) {
    const [next, entries] = await chords.run((client) => client.sscan(seen, cursor, "COUNT", CHUNK));
    for (const entry of entries) counted.add(entry.slice(0, entry.lastIndexOf(":")));
    cursor = next;
    if (cursor === "0") break;
  }
  return ids.flatMap((taskId, groupIndex) => (counted.has(taskId) ? [] : [{ taskId, groupIndex }]));
}

function expiryOf(groupId: string, { counted, wanted }: Sight, expires: number): string {
  const members = wanted < 0 ? "" : `${counted} of its ${wanted} members ended, and `;
  return `Chord ${groupId} expired: ${members}no member ended within the ${expires} seconds that it is counted`;
}
