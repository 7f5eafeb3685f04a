/** A task as Flower prints it. Source: celery/events/state.py `Task.as_dict` of 5.7. */
import type { ClusterTask } from "../../app/index.ts";

/** `children` are the ids of tasks that it has sent. */
export function taskDict(task: ClusterTask, children: readonly string[]): Readonly<Record<string, unknown>> {
  const { times } = task;
  return {
    uuid: task.uuid,
    name: task.name,
    state: task.state,
    received: times.received ?? null,
    sent: times.sent ?? null,
    started: times.started ?? null,
    rejected: times.rejected ?? null,
    succeeded: times.succeeded ?? null,
    failed: times.failed ?? null,
    retried: times.retried ?? null,
    revoked: times.revoked ?? null,
    args: task.args,
    kwargs: task.kwargs,
    eta: task.eta,
    expires: task.expires,
    retries: task.retries,
    result: task.result,
    exception: task.exception,
    timestamp: task.timestamp,
    runtime: task.runtime,
    traceback: task.traceback,
    exchange: task.exchange,
    routing_key: task.routingKey,
    clock: task.clock,
    client: task.client,
    root: task.rootId,
    root_id: task.rootId,
    parent: task.parentId,
    parent_id: task.parentId,
    children,
  };
}

/** Ids of children by those of their parents. */
export function childrenByParent(tasks: Iterable<ClusterTask>): ReadonlyMap<string, readonly string[]> {
  const byParent = new Map<string, string[]>();
  for (const { uuid, parentId } of tasks) {
    if (parentId === null) continue;
    const siblings = byParent.get(parentId);
    if (siblings === undefined) byParent.set(parentId, [uuid]);
    else siblings.push(uuid);
  }
  return byParent;
}
