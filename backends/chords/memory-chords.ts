/** Counts chords inside this process. What is stuck here goes with the process, so nothing is watched. */
import type { ResultNode } from "../../protocol/index.ts";
import type { ChordParts, ChordStore } from "../chord-store.ts";
import type { ChordMember } from "./failure.ts";
import { joinMembers } from "./join.ts";

interface Count {
  size: number;
  readonly header: ResultNode | undefined;
  /** By task and place. */
  readonly members: Map<string, ChordMember & { readonly place: number }>;
  isClaimed: boolean;
}

/** Chords that are counted at once; the oldest go first. */
const MAX_CHORDS = 10_000;

/** Counts of one URL, by group id. Finished chords leave no trace but their absence. */
export type MemoryCounts = Map<string, Count>;

export function createMemoryChords(counts: MemoryCounts): ChordStore {
  const partsOf = (groupId: string, count: Count): ChordParts => {
    const members = [...count.members.values()].sort((one, other) => one.place - other.place);
    return {
      groupId,
      ...joinMembers(members, count.header),
      extendClaim: async () => counts.get(groupId) === count,
      done: async () => void counts.delete(groupId),
      release: async () => {
        count.isClaimed = false;
      },
    };
  };

  return {
    async start({ groupId, size, header }) {
      const hasGroups = header.children?.some(({ children }) => children !== undefined) ?? false;
      counts.set(groupId, {
        size,
        header: hasGroups ? header : undefined,
        members: new Map(),
        isClaimed: false,
      });
      for (const id of counts.keys()) {
        if (counts.size <= MAX_CHORDS) break;
        counts.delete(id);
      }
    },
    async extend(groupId, members) {
      const count = counts.get(groupId);
      if (count !== undefined) count.size += members;
    },
    async part({ groupId, groupIndex, taskId, state, result }) {
      const count = counts.get(groupId);
      if (count === undefined) return undefined;
      const place = groupIndex ?? Number.POSITIVE_INFINITY;
      const key = `${taskId}:${place}`;
      if (!count.members.has(key)) count.members.set(key, { taskId, state, result, place });
      if (count.members.size < count.size || count.isClaimed) return undefined;
      count.isClaimed = true;
      return partsOf(groupId, count);
    },
  };
}
