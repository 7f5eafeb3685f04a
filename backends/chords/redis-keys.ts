/** What the files that count chords in Redis share: their options, the keys of a chord, and the claim on it. */
import type { Redis } from "ioredis";
import type { ResultEncoding } from "../../codecs/result-encoding.ts";
import type { ResultTuple } from "../../protocol/index.ts";
import type { RedisScript } from "../../stores/redis.ts";
import type { ChordParts } from "../chord-store.ts";
import type { FoundDocument } from "../result-backend.ts";

export interface RedisChordsOptions {
  /** The prefix that all keys have in common. */
  readonly globalPrefix: string;
  readonly encoding: ResultEncoding;
  /** Seconds that results and counts are kept; 0: for ever. */
  readonly resultExpires: number;
  readonly expires: number;
  readonly joinTimeoutSeconds: number;
  /** When a sweep may look at a new chord first. */
  readonly firstLookMs: number;
  /** Celery's `result_chord_ordered`. */
  readonly inOrder: boolean;
  /** Does something that may be repeated, and again while Redis is away. */
  readonly run: <Result>(work: (client: Redis) => Promise<Result>) => Promise<Result>;
  /** As of ResultBackend. */
  readonly getMany: (taskIds: readonly string[]) => Promise<readonly FoundDocument[]>;
  readonly restoreGroup: (groupId: string) => Promise<ResultTuple | undefined>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** The keys of one chord. */
export interface ChordKeys {
  readonly returned: string;
  readonly more: string;
  readonly size: string;
  readonly seen: string;
  readonly group: string;
  readonly claim: string;
  readonly notes: string;
}

/** What the parts of this file and the watch share. */
export interface RedisChords extends RedisChordsOptions {
  readonly index: string;
  /** Seconds that notes for sweeps are kept: longer than what they tell about. */
  readonly notesExpire: number;
  keysOf(groupId: string): ChordKeys;
  script(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown>;
  /** Takes the claim of a chord that nobody works on; undefined when somebody does. */
  claim(groupId: string): Promise<Claim | undefined>;
}

/** The right to end a chord, for a while. */
export type Claim = Pick<ChordParts, "groupId" | "extendClaim" | "done" | "release">;
