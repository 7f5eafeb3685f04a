/** How far a workflow is: of its last result, by what is stored of the tasks. */
import { isPropagated, isReady, type ResultDocument, type ResultNode } from "../../protocol/index.ts";

export interface Outcome {
  /** PENDING until something has begun, then STARTED, then SUCCESS, or what ended it: FAILURE or REVOKED. */
  readonly state: string;
  /** Nothing will follow any more. */
  readonly terminal: boolean;
  /** The task that decided how it ended; undefined in SUCCESS of a group. */
  readonly decidedBy: ResultDocument | undefined;
}

type Documents = ReadonlyMap<string, ResultDocument>;

const RUNNING: Outcome = { state: "STARTED", terminal: false, decidedBy: undefined };

/** `last` is the workflow's last result, with all before it. */
export function outcomeOf(last: ResultNode, documents: Documents): Outcome {
  const outcome = outcomeOfNode(last, documents);
  return outcome.terminal || documents.size > 0 ? outcome : { ...outcome, state: "PENDING" };
}

function outcomeOfNode({ id, parent, children }: ResultNode, documents: Documents): Outcome {
  const own = children === undefined ? ofTask(documents.get(id)) : ofGroup(children, documents);
  if (own.state === "SUCCESS" || parent === undefined) return own;
  // What is behind a step that failed or was revoked never runs: that is stored without saying where it began, or not at all.
  return failureBefore(parent, documents) ?? own;
}

function ofTask(document: ResultDocument | undefined): Outcome {
  if (document === undefined || !isReady(document.status)) return RUNNING;
  return { state: document.status, terminal: true, decidedBy: document };
}

/** A group has ended when all in it have; the first that failed speaks for it. */
function ofGroup(members: readonly ResultNode[], documents: Documents): Outcome {
  const outcomes = members.map((member) => outcomeOfNode(member, documents));
  if (!outcomes.every(({ terminal }) => terminal)) return RUNNING;
  const failed = outcomes.find(({ state }) => state !== "SUCCESS");
  return failed ?? { state: "SUCCESS", terminal: true, decidedBy: undefined };
}

/** The first failure among the steps before a result. */
function failureBefore(step: ResultNode, documents: Documents): Outcome | undefined {
  let found: Outcome | undefined;
  for (let at: ResultNode | undefined = step; at !== undefined; at = at.parent) {
    found = failureIn(at, documents) ?? found;
  }
  return found;
}

/** A step fails with any of its tasks: the body of a chord needs all of them. */
function failureIn({ id, children }: ResultNode, documents: Documents): Outcome | undefined {
  if (children === undefined) {
    const outcome = ofTask(documents.get(id));
    return isPropagated(outcome.state) ? outcome : undefined;
  }
  return children
    .map((child) => outcomeOfNode(child, documents))
    .find(({ terminal, state }) => terminal && isPropagated(state));
}

/** The value of a result that ended in SUCCESS: of a group, the list of its members' values. */
export function resultValue({ id, children }: ResultNode, documents: Documents): unknown {
  if (children === undefined) return documents.get(id)?.result ?? null;
  return children.map((child) => resultValue(child, documents));
}
