/** A task as a program in any language is told of it: one JSON object. */
import type { TaskRequest } from "../../protocol/index.ts";

export interface CallDocument {
  readonly id: string;
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly retries: number;
  readonly root_id: string;
  readonly parent_id: string | null;
  readonly group_id: string | null;
  /** Milliseconds since 1970, or null. */
  readonly expires_at: number | null;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** `headers` are the caller's own. */
export function toCallDocument(
  request: TaskRequest,
  headers: Readonly<Record<string, unknown>>,
): CallDocument {
  return {
    id: request.id,
    task: request.task,
    args: request.args,
    kwargs: request.kwargs,
    retries: request.retries,
    root_id: request.rootId,
    parent_id: request.parentId ?? null,
    group_id: request.groupId ?? null,
    expires_at: request.expiresMs ?? null,
    headers,
  };
}
