/**
 * Which workflows this gateway has accepted, and what they are made of: a result store knows a step only once it has run.
 */
import { createSqlWorkflowTable } from "./sql-workflow-table.ts";
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

export interface WorkflowIndex {
  /** Opens what it needs. Rejects when it cannot. Twice is fine. */
  open(): Promise<void>;
  /** Takes note; resolves when that is kept as well as it can be. Never rejects. */
  record(workflow: WorkflowRecord): Promise<void>;
  /** By the id of its last or of its first result. */
  find(id: string): Promise<WorkflowRecord | undefined>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** Where workflows are kept beyond the process. */
export interface WorkflowTable {
  open(): Promise<void>;
  insert(workflow: WorkflowRecord): Promise<void>;
  find(id: string): Promise<WorkflowRecord | undefined>;
  close(): Promise<void>;
}

export interface WorkflowIndexOptions {
  /** Default: in memory only. */
  readonly url?: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Results of all workflows that are kept in memory, about 200 bytes each; the oldest workflows go first. */
const MAX_NODES = 100_000;

export function createWorkflowIndex({ url, onWarning }: WorkflowIndexOptions): WorkflowIndex {
  const table = url === undefined ? undefined : createSqlWorkflowTable(url);
  const byId = new Map<string, WorkflowRecord>();
  const byRoot = new Map<string, string>();
  let nodes = 0;

  const keep = (workflow: WorkflowRecord): void => {
    byId.set(workflow.id, workflow);
    byRoot.set(workflow.rootId, workflow.id);
    nodes += workflow.nodes.length;
    for (const oldest of byId.values()) {
      if (nodes <= MAX_NODES) break;
      byId.delete(oldest.id);
      byRoot.delete(oldest.rootId);
      nodes -= oldest.nodes.length;
    }
  };

  return {
    open: async () => table?.open(),
    async record(workflow) {
      keep(workflow);
      try {
        await table?.insert(workflow);
      } catch (error) {
        onWarning("A workflow is known to this process only: its index could not be written", error);
      }
    },
    async find(id) {
      return byId.get(id) ?? byId.get(byRoot.get(id) ?? "") ?? (await table?.find(id));
    },
    close: async () => table?.close(),
  };
}
