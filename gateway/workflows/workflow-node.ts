/** Results of a workflow as a flat list, which any JSON reader takes however long its chains are. */
import type { ResultNode } from "../../protocol/index.ts";

export interface WorkflowNode {
  readonly id: string;
  readonly kind: "task" | "group";
  /** Name of the task; absent for groups. */
  readonly task?: string;
  /** The result that it follows from. */
  readonly after?: string;
  /** Of a group: its results in their order. */
  readonly members?: readonly string[];
}

/** The first results come first, and the last one last. */
export function toNodes(last: ResultNode, nameOf: (id: string) => string | undefined): WorkflowNode[] {
  const nodes = new Map<string, WorkflowNode>();
  const visit = (result: ResultNode): void => {
    const line: ResultNode[] = [];
    for (let at: ResultNode | undefined = result; at !== undefined; at = at.parent) line.unshift(at);
    for (const { id, parent, children } of line) {
      if (nodes.has(id)) continue;
      for (const member of children ?? []) visit(member);
      const task = nameOf(id);
      nodes.set(id, {
        id,
        kind: children === undefined ? "task" : "group",
        ...(task === undefined ? {} : { task }),
        ...(parent === undefined ? {} : { after: parent.id }),
        ...(children === undefined ? {} : { members: children.map((member) => member.id) }),
      });
    }
  };
  visit(last);
  return [...nodes.values()];
}

/** The last result again, with all before it. A list that is no workflow's gives undefined. */
export function fromNodes(nodes: readonly WorkflowNode[]): ResultNode | undefined {
  const results = new Map<string, ResultNode>();
  // What a node names stands before it, so the list holds no circles.
  for (const { id, after, members } of nodes) {
    const parent = after === undefined ? undefined : results.get(after);
    const children = members?.flatMap((member) => results.get(member) ?? []);
    results.set(id, {
      id,
      ...(parent === undefined ? {} : { parent }),
      ...(children === undefined ? {} : { children }),
    });
  }
  return [...results.values()].at(-1);
}
