/** What members returned becomes what the body gets. Source: celery/backends/redis.py of 5.7, `on_chord_part_return`. */
import { DecodeError, type ResultNode } from "../../protocol/index.ts";
import type { ChordFailure } from "../chord-store.ts";
import { type ChordMember, failureOf } from "./failure.ts";

/** Reads `[1, task id, state, result]`, as members are counted in Redis. Throws DecodeError `bad_result`. */
export function toMember(value: unknown): ChordMember {
  if (!Array.isArray(value) || typeof value[1] !== "string" || typeof value[2] !== "string") {
    throw new DecodeError("bad_result", "A counted member of a chord is not [1, task id, state, result].");
  }
  return { taskId: value[1], state: value[2], result: value[3] };
}

export interface Joined {
  /** Empty after a failure. */
  readonly results: readonly unknown[];
  readonly failure: ChordFailure | undefined;
}

/** Members in the header's order; with `header`, its groups as arrays within. */
export function joinMembers(members: readonly ChordMember[], header: ResultNode | undefined): Joined {
  for (const member of members) {
    const failure = failureOf(member);
    if (failure !== undefined) return { results: [], failure };
  }
  if (header === undefined) return { results: members.map(({ result }) => result), failure: undefined };
  const byId = new Map(members.map(({ taskId, result }) => [taskId, result]));
  const resultOf = (node: ResultNode): unknown => node.children?.map(resultOf) ?? byId.get(node.id);
  return { results: (header.children ?? [header]).map(resultOf), failure: undefined };
}

/** The tasks that end the members of a header, in its order. */
export function leavesOf(node: ResultNode): readonly string[] {
  return node.children === undefined ? [node.id] : node.children.flatMap(leavesOf);
}
