/** Which tasks a caller sees; all others are as unknown as those that never were. */
import type { TaskEntry, TaskFilter } from "../task-index.ts";
import { type Caller, toQueue } from "./caller.ts";

/** `entry` is undefined for a task that no gateway accepted: that one has no owner. */
export function maySee(caller: Caller, entry: Pick<TaskEntry, "tenant" | "owner"> | undefined): boolean {
  if (caller.read === "all") return true;
  if (entry === undefined || entry.tenant !== (caller.tenant ?? null)) return false;
  return entry.owner === caller.id || (caller.read === "tenant" && caller.tenant !== undefined);
}

/** A filter that shows nothing else. Who reads its tenant's tasks and has no tenant reads its own. */
export function visibleFilter(caller: Caller, filter: TaskFilter): TaskFilter {
  const { read, tenant, id } = caller;
  const { queue } = filter;
  return {
    ...filter,
    ...(queue === undefined ? {} : { queue: toQueue(caller, queue) }),
    ...(read === "all" || tenant === undefined ? {} : { tenant }),
    ...(read === "all" || (read === "tenant" && tenant !== undefined) ? {} : { owner: id }),
  };
}
