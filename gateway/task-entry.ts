/** What an index entry says of whose task it is. */
import type { Caller } from "./access/caller.ts";
import type { TaskEntry } from "./task-index.ts";

export type Ownership = Pick<TaskEntry, "tags" | "tenant" | "owner" | "replayedFrom">;

const NO_TAGS: readonly string[] = [];

export function ownedBy({ tenant, id }: Caller, tags: readonly string[] = NO_TAGS): Ownership {
  return { tags, tenant: tenant ?? null, owner: id, replayedFrom: null };
}
