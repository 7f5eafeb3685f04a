/**
 * Results of a canvas as data: which result follows from which, and which are members of a group. Celery writes them as
 * nested arrays, `[[id, parent], members]`. Source: celery/result.py of 5.7, `as_tuple` and `result_from_tuple`.
 */
import { DecodeError } from "./errors.ts";
import type { ResultTuple } from "./result-document.ts";

/** A task's result or, with `children`, a group's. */
export interface ResultNode {
  /** A task's id, or a group's. */
  readonly id: string;
  /** The result this one follows from: the step before in a chain, the header of a chord's body. */
  readonly parent?: ResultNode;
  /** A group's members in their order; absent for a task. */
  readonly children?: readonly ResultNode[];
}

/** A result that is a group's. */
export interface GroupNode extends ResultNode {
  readonly children: readonly ResultNode[];
}

/** Most results that are read from one tuple, and steps and groups within each other. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 1000;

export function isGroupNode(node: ResultNode): node is GroupNode {
  return node.children !== undefined;
}

/** `[[id, parent], null]` for a task, `[[id, parent], [member, ...]]` for a group; parents and members are tuples again. */
export function toResultTuple({ id, parent, children }: ResultNode): ResultTuple {
  const above = parent === undefined ? null : toResultTuple(parent);
  return [[id, above], children === undefined ? null : children.map(toResultTuple)];
}

/** Reads what Celery writes: arrays or pickled tuples, and a bare id in place of `[id, parent]`. Throws DecodeError `bad_result`. */
export function fromResultTuple(tuple: unknown): ResultNode {
  const budget = { nodes: MAX_NODES };
  return readNode(tuple, MAX_DEPTH, budget);
}

function readNode(tuple: unknown, depth: number, budget: { nodes: number }): ResultNode {
  budget.nodes -= 1;
  if (depth === 0) throw badTuple(`nests deeper than ${MAX_DEPTH} results`);
  if (budget.nodes < 0) throw badTuple(`has more than ${MAX_NODES} results`);
  const [head, members] = readItems(tuple);
  const [id, parent] = typeof head === "string" ? [head] : readItems(head);
  if (typeof id !== "string" || id === "") throw badTuple("has a result whose id is no text");
  return {
    id,
    ...(isNothing(parent) ? {} : { parent: readNode(parent, depth - 1, budget) }),
    ...(isNothing(members)
      ? {}
      : { children: readItems(members).map((member) => readNode(member, depth - 1, budget)) }),
  };
}

function readItems(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badTuple("has something else where an array belongs");
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function badTuple(problem: string): DecodeError {
  return new DecodeError("bad_result", `A stored tuple of results, [[id, parent], members], ${problem}.`);
}
