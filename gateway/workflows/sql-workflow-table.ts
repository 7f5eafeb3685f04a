/** Workflows in a database, so that a restarted gateway still knows what they are made of. */
import { openTables, type SqlDatabase } from "../../stores/sql/index.ts";
import type { WorkflowRecord, WorkflowTable } from "./workflow-index.ts";
import type { WorkflowNode } from "./workflow-node.ts";

const TABLE = "celerity_gateway_workflows";
const SCHEMA = [
  {
    name: TABLE,
    ddl: `CREATE TABLE ${TABLE} (id VARCHAR(155) PRIMARY KEY, root_id VARCHAR(155) NOT NULL, submitted_at BIGINT NOT NULL,
      nodes TEXT NOT NULL)`,
  },
  { name: `${TABLE}_root`, ddl: `CREATE INDEX ${TABLE}_root ON ${TABLE} (root_id)` },
  { name: `${TABLE}_time`, ddl: `CREATE INDEX ${TABLE}_time ON ${TABLE} (submitted_at)` },
];
/** Workflows older than this go: those of the task index do, too. */
const MAX_AGE_MS = 7 * 86_400_000;
const PRUNE_INTERVAL_MS = 60_000;

interface Row {
  readonly id: string;
  readonly root_id: string;
  readonly submitted_at: number;
  readonly nodes: string;
}

/** Opens the database on first use. */
export function createSqlWorkflowTable(url: string): WorkflowTable {
  let opening: Promise<SqlDatabase> | undefined;
  let prunedAtMs = 0;

  const database = (): Promise<SqlDatabase> => {
    opening ??= openTables(url, () => SCHEMA).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  return {
    async open() {
      await database();
    },
    async insert({ id, rootId, submittedAtMs, nodes }) {
      const isTime = submittedAtMs - prunedAtMs >= PRUNE_INTERVAL_MS;
      if (isTime) prunedAtMs = submittedAtMs;
      await (await database()).transaction(
        async (tx) => {
          const row = [id, rootId, submittedAtMs, JSON.stringify(nodes)];
          await tx.run(
            `INSERT INTO ${TABLE} (id, root_id, submitted_at, nodes) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
            row,
          );
          if (isTime)
            await tx.run(`DELETE FROM ${TABLE} WHERE submitted_at < ?`, [submittedAtMs - MAX_AGE_MS]);
        },
        { durable: false },
      );
    },
    async find(id) {
      const rows = await (await database()).all<Row>(
        `SELECT id, root_id, submitted_at, nodes FROM ${TABLE} WHERE id = ? OR root_id = ? LIMIT 1`,
        [id, id],
      );
      return rows.map(toRecord)[0];
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

/** The gateway's own table: what is in it, it wrote. */
function toRecord({ id, root_id: rootId, submitted_at: submittedAtMs, nodes }: Row): WorkflowRecord {
  return { id, rootId, submittedAtMs, nodes: JSON.parse(nodes) as readonly WorkflowNode[] };
}
