/** What freezing is told, and what it makes. */
import type { ResultNode } from "../protocol/index.ts";
import type { Draft } from "./draft.ts";

/** A result that is being put together. */
export interface Node extends ResultNode {
  parent?: Node;
  children?: readonly Node[];
}

/** What planning takes from outside. */
export interface PlanContext {
  readonly newId: () => string;
  /** Queue for rpc results. */
  readonly replyTo: string;
  /** Celery's task_allow_error_cb_on_chord_header. */
  readonly errbacksOnHeaders: boolean;
  /** Protocol 1 has no field for the rest of a chain: each step is linked to the one before. */
  readonly usesLinks: boolean;
}

/** What a canvas is told when it gets its ids. */
export interface FreezeFacts {
  readonly id?: string | undefined;
  readonly groupId?: string | undefined;
  /** Body of the chord whose header it is in. */
  readonly chord?: Draft | undefined;
  readonly rootId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly groupIndex?: number | undefined;
}

/** The result that nothing comes before. */
export function firstOf(node: Node): Node {
  let first = node;
  while (first.parent !== undefined) first = first.parent;
  return first;
}
