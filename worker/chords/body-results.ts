/** Everything that waits for the body of a chord, when the body will never run. Source: celery/backends/base.py of 5.7, `chord_error_from_stack`. */
import { isPlainObject, parseSignature, type Signature } from "../../protocol/index.ts";

/** A member of an outer chord. */
export interface OuterMember {
  readonly taskId: string;
  readonly groupId: string;
  readonly groupIndex: number | undefined;
  readonly chord: Signature;
}

export interface BodyResults {
  /** Tasks whose result will not come. */
  readonly taskIds: readonly string[];
  /** Members of groups, and the groups: Celery gives them the failed member's own exception. */
  readonly groupIds: readonly string[];
  readonly errbacks: readonly { readonly errback: Signature; readonly taskId: string }[];
  readonly outerMembers: readonly OuterMember[];
}

/** Signatures looked at in one body, at most, and levels of them. */
const MAX_SIGNATURES = 100_000;
const MAX_DEPTH = 100;

/** What waits for a body, whatever kind of canvas it is. Ids are those it was given when it was sent. */
export function bodyResults(body: Signature): BodyResults {
  const walk = new Walk();
  walk.visit(body, [], false, 0);
  return walk.results();
}

/** What waits for steps of a chain behind one that failed: their errbacks are not called. Source: `_fail_chain`. */
export function chainResults(steps: readonly Signature[]): BodyResults {
  const walk = new Walk();
  for (const step of steps) walk.visit(step, undefined, false, 0);
  return walk.results();
}

class Walk {
  readonly #taskIds = new Set<string>();
  readonly #groupIds = new Set<string>();
  readonly #errbacks = new Map<string, { readonly errback: Signature; readonly taskId: string }>();
  readonly #outer = new Map<string, OuterMember>();
  #left = MAX_SIGNATURES;

  results(): BodyResults {
    return {
      taskIds: [...this.#taskIds],
      groupIds: [...this.#groupIds],
      errbacks: [...this.#errbacks.values()],
      outerMembers: [...this.#outer.values()],
    };
  }

  /** `errbacks` are those of what it is in; undefined: none are called. */
  visit(
    { kwargs, options, subtask_type: type }: Signature,
    errbacks: readonly Signature[] | undefined,
    isInGroup: boolean,
    depth: number,
  ): void {
    this.#left -= 1;
    if (depth > MAX_DEPTH || this.#left < 0) return;
    const own = errbacks === undefined ? undefined : [...signatures(options["link_error"]), ...errbacks];
    const next = depth + 1;
    switch (type) {
      case "group":
        this.#add(options, undefined, true);
        for (const member of signatures(kwargs["tasks"])) this.visit(member, own, true, next);
        break;
      case "chain": {
        const steps = signatures(kwargs["tasks"]);
        for (const step of steps) this.visit(step, undefined, isInGroup, next);
        this.#add(
          { ...options, chord: undefined, task_id: options["task_id"] ?? idOf(steps.at(-1)) },
          own,
          isInGroup,
        );
        break;
      }
      case "chord":
        for (const member of membersOf(kwargs["header"])) this.#addHeaderMember(member, next);
        for (const body of signatures(kwargs["body"])) this.visit(body, own, isInGroup, next);
        break;
      default:
        this.#add(options, own, isInGroup);
    }
    for (const step of signatures(options["chain"])) this.visit(step, undefined, isInGroup, next);
  }

  #add(options: Signature["options"], errbacks: readonly Signature[] | undefined, isInGroup: boolean): void {
    const { task_id: taskId, chord, group_id: groupId, group_index: groupIndex } = options;
    if (typeof taskId !== "string") return;
    (isInGroup ? this.#groupIds : this.#taskIds).add(taskId);
    for (const errback of errbacks ?? [])
      this.#errbacks.set(`${taskId} ${JSON.stringify(errback)}`, { errback, taskId });
    if (typeof groupId !== "string" || !isPlainObject(chord) || typeof chord["task"] !== "string") return;
    this.#outer.set(`${taskId}:${String(groupIndex)}`, {
      taskId,
      groupId,
      groupIndex: typeof groupIndex === "number" ? groupIndex : undefined,
      chord: parseSignature(chord, "chord"),
    });
  }

  /** Of a chord that never begins: nobody counts its members. */
  #addHeaderMember({ kwargs, options }: Signature, depth: number): void {
    this.#left -= 1;
    if (depth > MAX_DEPTH || this.#left < 0) return;
    if (typeof options["task_id"] === "string") this.#taskIds.add(options["task_id"]);
    for (const member of signatures(kwargs["tasks"])) this.#addHeaderMember(member, depth + 1);
  }
}

function idOf(signature: Signature | undefined): unknown {
  return signature?.options["task_id"];
}

/** A header is a list, or a group once it has an id. */
function membersOf(header: unknown): readonly Signature[] {
  return isPlainObject(header) && isPlainObject(header["kwargs"])
    ? signatures(header["kwargs"]["tasks"])
    : signatures(header);
}

/** Those that are signatures, of one or of a list. */
function signatures(value: unknown): readonly Signature[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((one) =>
    isPlainObject(one) && typeof one["task"] === "string" ? [parseSignature(one, "body")] : [],
  );
}
