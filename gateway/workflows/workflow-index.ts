/**
 * Which workflows were accepted, and what they are made of: a result store knows a step only once it has run. They are
 * records of the gateway's state, so every gateway that shares it finds them.
 */
import type { StateStore } from "../state/state-store.ts";
import type { WorkflowNode } from "./workflow-node.ts";

/** One accepted workflow. */
export interface WorkflowRecord {
  /** Of the last result. */
  readonly id: string;
  /** Of the first result. */
  readonly rootId: string;
  /** Milliseconds since 1970. */
  readonly submittedAtMs: number;
  /** The first results come first, and the last one last. */
  readonly nodes: readonly WorkflowNode[];
}

export interface WorkflowIndexOptions {
  readonly state: StateStore;
  /** Results of all workflows of this gateway that are kept, about 200 bytes each; the oldest workflows go first. */
  readonly maxNodes?: number;
}

/** Records of workflows, and of the ids of their first results, which lead to them. */
const WORKFLOW = "workflow";
const ROOT = "workflow-root";
/** Those of the task index go then, too. */
const MAX_AGE_MS = 7 * 86_400_000;
const DEFAULT_MAX_NODES = 1_000_000;

export class WorkflowIndex {
  readonly #state: StateStore;
  readonly #maxNodes: number;
  /** Those that this gateway has recorded, the oldest first, with the number of their nodes. */
  readonly #recorded = new Map<string, { readonly rootId: string; readonly nodes: number }>();
  #nodes = 0;

  constructor({ state, maxNodes = DEFAULT_MAX_NODES }: WorkflowIndexOptions) {
    this.#state = state;
    this.#maxNodes = maxNodes;
  }

  /** Takes note; resolves when that is kept. Rejects with BackendError. */
  async record(workflow: WorkflowRecord): Promise<void> {
    const { id, rootId, nodes } = workflow;
    const { records } = this.#state;
    const expires = { expiresAtMs: workflow.submittedAtMs + MAX_AGE_MS };
    await Promise.all([
      records.add(WORKFLOW, id, JSON.stringify(workflow), expires),
      ...(rootId === id ? [] : [records.add(ROOT, rootId, JSON.stringify(id), expires)]),
    ]);
    this.#recorded.set(id, { rootId, nodes: nodes.length });
    this.#nodes += nodes.length;
    await this.#forgetOldest();
  }

  async #forgetOldest(): Promise<void> {
    for (const [id, { rootId, nodes }] of this.#recorded) {
      if (this.#nodes <= this.#maxNodes) return;
      this.#recorded.delete(id);
      this.#nodes -= nodes;
      await this.#state.records.delete(WORKFLOW, id);
      if (rootId !== id) await this.#state.records.delete(ROOT, rootId);
    }
  }

  /** By the id of its last or of its first result. */
  async find(id: string): Promise<WorkflowRecord | undefined> {
    const { records } = this.#state;
    const found = await records.get(WORKFLOW, id);
    if (found !== undefined) return toWorkflow(found.value);
    const root = await records.get(ROOT, id);
    if (root === undefined) return undefined;
    const last = await records.get(WORKFLOW, JSON.parse(root.value) as string);
    return last === undefined ? undefined : toWorkflow(last.value);
  }
}

/** The gateway's own record: what is in it, it wrote. */
function toWorkflow(value: string): WorkflowRecord {
  return JSON.parse(value) as WorkflowRecord;
}
