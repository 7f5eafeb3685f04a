/** Everything that is known of one workflow at one moment. */
import { buildGraph, type GraphNode, type ResultGraph } from "../../app/index.ts";
import { DecodeError, isReady, type ResultDocument, type ResultNode } from "../../protocol/index.ts";
import type { Caller } from "../access/caller.ts";
import { maySee } from "../access/visibility.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import { TASK_ID_PATTERN } from "../schema-parts.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { WorkflowRecord } from "./workflow-index.ts";
import { fromNodes } from "./workflow-node.ts";

export interface Workflow {
  readonly id: string;
  /** The last result, with all before it; alone for a workflow that somebody else sent. */
  readonly last: ResultNode;
  /** undefined for a workflow that this gateway did not accept. */
  readonly record: WorkflowRecord | undefined;
  /** Its results, those that its tasks sent included, with names and states as far as they are known. */
  readonly graph: ResultGraph;
  readonly documents: ReadonlyMap<string, ResultDocument>;
  readonly outcome: Outcome;
}

const ID = new RegExp(TASK_ID_PATTERN);
/** Names that are looked for in the index of tasks. */
const MAX_LOOKUPS = 200;

/** Throws Problem `bad-id`, `unknown-task`, or `results-disabled` where no state is kept. */
export async function lookAtWorkflow(exchange: Exchange, gateway: GatewayContext): Promise<Workflow> {
  const id = exchange.param("id");
  if (!ID.test(id)) throw new Problem("bad-id");
  if (!gateway.app.keepsResults) throw new Problem("results-disabled");
  const record = await gateway.workflows.find(id);
  await requireVisible(exchange.caller, gateway, id, record);
  const workflow = await look(gateway, id, record);
  const isKnown = record !== undefined || workflow.documents.size > 0 || workflow.graph.nodes.length > 1;
  if (isKnown || (await gateway.tracker.find(id)) !== undefined) return workflow;
  throw new Problem("unknown-task", { members: { id } });
}

/** A workflow is as visible as its first task. Throws Problem `unknown-task`. */
async function requireVisible(
  caller: Caller,
  { tracker }: GatewayContext,
  id: string,
  record: WorkflowRecord | undefined,
): Promise<void> {
  if (caller.read === "all") return;
  const task = record?.nodes.find(({ kind }) => kind === "task")?.id ?? id;
  if (!maySee(caller, await tracker.find(task))) throw new Problem("unknown-task", { members: { id } });
}

/** The same workflow, as it is now. */
export function lookAgain(
  gateway: GatewayContext,
  { id, record }: Pick<Workflow, "id" | "record">,
): Promise<Workflow> {
  return look(gateway, id, record);
}

async function look(
  { app, tracker }: GatewayContext,
  id: string,
  record: WorkflowRecord | undefined,
): Promise<Workflow> {
  const known = record === undefined ? undefined : fromNodes(record.nodes);
  const gathered = await buildGraph(app, known ?? id);
  const tasks = gathered.nodes.filter(({ kind }) => kind === "task").map((node) => node.id);
  const documents = new Map<string, ResultDocument>();
  const found = await (await app.backend()).getMany(tasks);
  for (const [at, task] of tasks.entries()) {
    const document = found[at];
    if (document !== undefined && !(document instanceof DecodeError)) documents.set(task, document);
  }
  const last = known ?? { id };
  const graph = withKnown(gathered, await namesOf(gathered, record, tracker), documents);
  const outcome = outcomeOf(last, documents);
  return {
    id: record?.id ?? id,
    last,
    record,
    graph,
    documents,
    // Of what others sent only the results tell: while one of them runs, something may follow.
    outcome:
      known !== undefined || hasEnded(graph) ? outcome : { ...outcome, state: "STARTED", terminal: false },
  };
}

/** Names that the results do not tell: results are not extended, or have not come. */
async function namesOf(
  { nodes }: ResultGraph,
  record: WorkflowRecord | undefined,
  tracker: GatewayContext["tracker"],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map(record?.nodes.flatMap(({ id, task }) => (task === undefined ? [] : [[id, task]])));
  const nameless = nodes.filter(
    ({ id, kind, name }) => kind === "task" && name === undefined && !names.has(id),
  );
  await Promise.all(
    nameless.slice(0, MAX_LOOKUPS).map(async ({ id }) => {
      const name = (await tracker.find(id))?.task;
      if (name !== undefined) names.set(id, name);
    }),
  );
  return names;
}

/** With these names, and the states of the documents at hand. */
function withKnown(
  graph: ResultGraph,
  names: ReadonlyMap<string, string>,
  documents: ReadonlyMap<string, ResultDocument>,
): ResultGraph {
  const nodes = graph.nodes.map((node): GraphNode => {
    const name = node.name ?? names.get(node.id);
    const state = documents.get(node.id)?.status ?? node.state;
    return { ...node, ...(name === undefined ? {} : { name }), ...(state === undefined ? {} : { state }) };
  });
  return { ...graph, nodes };
}

function hasEnded({ nodes }: ResultGraph): boolean {
  return nodes.every(({ kind, state = "PENDING" }) => kind === "group" || isReady(state));
}
