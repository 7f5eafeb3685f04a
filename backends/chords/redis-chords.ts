/** Counts chords in Redis, together with Celery's own workers. The steps are in redis-scripts.ts. */
import { randomUUID } from "node:crypto";
import { EncodeError, type Signature, toResultTuple } from "../../protocol/index.ts";
import { runScript } from "../../stores/redis.ts";
import type { ChordPart, ChordStart, ChordStore } from "../chord-store.ts";
import { leavesOf } from "./join.ts";
import { collect } from "./redis-collect.ts";
import type { ChordKeys, Claim, RedisChords, RedisChordsOptions } from "./redis-keys.ts";
import { CLAIM, DONE, EXTEND, KEEP, NOTE, PART, RELEASE, START } from "./redis-scripts.ts";
import { createRedisWatch, MAX_WATCHED, MAX_WATCHED_IDS } from "./redis-watch.ts";

export function createRedisChords(options: RedisChordsOptions): ChordStore {
  const claimSeconds = Math.max(5, Math.trunc(options.joinTimeoutSeconds * 2));
  const doneSeconds = Math.max(claimSeconds * 2, 300);
  const { globalPrefix, inOrder, expires, resultExpires } = options;
  const index = `${globalPrefix}celerity-chords`;
  const notesExpire = expires === 0 ? 0 : Math.ceil(expires) * 2 + 3600;

  const keysOf = (groupId: string): ChordKeys => {
    const group = `${globalPrefix}celery-taskset-meta-${groupId}`;
    const [returned, more, size, seen, claim, notes] = [".j", ".t", ".s", ".d", ".c", ".w"].map(
      (suffix) => group + suffix,
    ) as [string, string, string, string, string, string];
    return { returned, more, size, seen, group, claim, notes };
  };

  const script: RedisChords["script"] = (one, keys, args) =>
    options.run((client) => runScript(client, one, keys, args));

  const claimOf = (groupId: string, token: string): Claim => {
    const { returned, more, size, seen, claim, notes } = keysOf(groupId);
    return {
      groupId,
      extendClaim: async (seconds) =>
        (await script(KEEP, [claim, size], [token, Math.max(1, Math.ceil(seconds))])) === 1,
      async done() {
        const keys = [claim, returned, more, size, seen, notes, index];
        if ((await script(DONE, keys, [token, doneSeconds, groupId])) === 1) return;
        options.onWarning(
          `The claim on chord ${groupId} was lost before it was finished; its count is left to expire`,
        );
      },
      release: async () => void (await script(RELEASE, [claim], [token])),
    };
  };

  const chords: RedisChords = {
    ...options,
    index,
    notesExpire,
    keysOf,
    script,
    async claim(groupId) {
      const token = randomUUID();
      const claimed = await script(CLAIM, [keysOf(groupId).claim], [token, claimSeconds]);
      return claimed === 1 ? claimOf(groupId, token) : undefined;
    },
  };

  return {
    async start({ groupId, size, header, body }: ChordStart) {
      const { returned, more, size: sizeKey, seen, group, claim, notes } = keysOf(groupId);
      const hasGroups = header.children?.some(({ children }) => children !== undefined) ?? false;
      const saved = hasGroups ? await encode(chords, { result: toResultTuple(header) }) : "";
      const ids = leavesOf(header);
      const now = Date.now();
      await script(
        START,
        [claim, returned, more, seen, sizeKey, group, notes, index],
        [
          size,
          Math.ceil(expires),
          saved,
          groupId,
          await encodeBody(chords, groupId, body),
          now,
          now + options.firstLookMs,
          notesExpire,
          MAX_WATCHED,
          ids.length > MAX_WATCHED_IDS ? "[]" : JSON.stringify(ids),
        ],
      );
    },

    async extend(groupId, members) {
      const { more, seen } = keysOf(groupId);
      await script(EXTEND, [more, seen], [members, randomUUID(), Math.ceil(expires)]);
    },

    async part({ groupId, groupIndex, taskId, state, result, body }: ChordPart) {
      const { returned, more, size, seen, group, claim, notes } = keysOf(groupId);
      const token = randomUUID();
      const [claimed, isNoted] = (await script(
        PART,
        [returned, more, size, seen, group, claim, notes],
        [
          taskId,
          await encode(chords, [1, taskId, state, result]),
          inOrder ? 1 : 0,
          groupIndex ?? "+inf",
          Math.ceil(expires),
          resultExpires === 0 ? 0 : Math.ceil(Math.max(expires, resultExpires)),
          claimSeconds,
          token,
          Date.now(),
          notesExpire,
        ],
      )) as readonly [number, number];
      if (claimed === 1) return collect(chords, claimOf(groupId, token));
      if (claimed === 0 && isNoted === 0) await note(chords, groupId, body);
      return undefined;
    },

    watch: createRedisWatch(chords),
  };
}

/** Sees to it that sweeps know a chord that somebody else sent. */
async function note(chords: RedisChords, groupId: string, body: Signature): Promise<void> {
  const { notes, size } = chords.keysOf(groupId);
  const encoded = await encodeBody(chords, groupId, body);
  if (encoded === "") return;
  const now = Date.now();
  const args = [groupId, encoded, now, now + chords.firstLookMs, chords.notesExpire, MAX_WATCHED];
  await chords.script(NOTE, [notes, chords.index, size], args);
}

async function encode({ encoding }: RedisChords, value: unknown): Promise<Buffer> {
  const bytes = await encoding.encode(value);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** "" for a body that the serializer of results cannot hold: that chord is counted, but no sweep can end it. */
async function encodeBody(chords: RedisChords, groupId: string, body: Signature): Promise<Buffer | ""> {
  try {
    return await encode(chords, body);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    chords.onWarning(`The body of chord ${groupId} cannot be kept for sweeps`, error);
    return "";
  }
}
