/** Things to do, in a table. A claimed entry is due again when its lease ends. */
import { randomUUID } from "node:crypto";
import type { SqlDatabase, SqlDialect } from "../../../stores/sql/index.ts";
import { inList } from "../../../stores/sql/index.ts";
import { withStateErrors } from "../state-error.ts";
import type { Agenda, AgendaEntry, ClaimedEntry, ClaimOptions } from "../state-store.ts";
import type { GroupCommit } from "./group-commit.ts";
import { AGENDA } from "./tables.ts";

interface Row {
  readonly id: string;
  readonly due_at: number;
  readonly value: string;
}

const COLUMNS = "id, due_at, value";
const PUT = `INSERT INTO ${AGENDA} (topic, id, due_at, value, claim) VALUES (?, ?, ?, ?, NULL)
  ON CONFLICT (topic, id) DO UPDATE SET due_at = excluded.due_at, value = excluded.value, claim = NULL`;
/** Nobody works on it now. */
const FREE = "(claim IS NULL OR due_at <= ?)";
/** What another gateway is about to claim is left to it. SQLite has one writer at a time. */
const LOCKED: Readonly<Record<SqlDialect, string>> = { sqlite: "", postgresql: "FOR UPDATE SKIP LOCKED" };

export class SqlAgenda implements Agenda {
  readonly #database: () => Promise<SqlDatabase>;
  readonly #group: GroupCommit;

  constructor(database: () => Promise<SqlDatabase>, group: GroupCommit) {
    this.#database = database;
    this.#group = group;
  }

  put(topic: string, { id, dueAtMs, value }: AgendaEntry): Promise<void> {
    return this.#group.run(lockOf(topic, id), async (tx) => {
      await tx.run(PUT, [topic, id, Math.ceil(dueAtMs), value]);
    });
  }

  get(topic: string, id: string): Promise<AgendaEntry | undefined> {
    return withStateErrors(async () => {
      const sql = `SELECT ${COLUMNS} FROM ${AGENDA} WHERE topic = ? AND id = ?`;
      return (await (await this.#database()).all<Row>(sql, [topic, id])).map(toEntry)[0];
    });
  }

  async claim(topic: string, { nowMs, leaseMs, limit }: ClaimOptions): Promise<readonly ClaimedEntry[]> {
    const { dialect } = await withStateErrors(this.#database);
    return this.#group.run(`agenda ${topic}`, async (tx) => {
      const rows = await tx.all<Row>(
        `SELECT ${COLUMNS} FROM ${AGENDA} WHERE topic = ? AND due_at <= ? ORDER BY due_at LIMIT ? ${LOCKED[dialect]}`,
        [topic, Math.floor(nowMs), limit],
      );
      if (rows.length === 0) return [];
      const claim = randomUUID();
      const { text, params } = inList(rows.map(({ id }) => id));
      await tx.run(`UPDATE ${AGENDA} SET due_at = ?, claim = ? WHERE topic = ? AND id IN ${text}`, [
        Math.ceil(nowMs + leaseMs),
        claim,
        topic,
        ...params,
      ]);
      return rows.map((row) => ({ ...toEntry(row), claim }));
    });
  }

  settle(topic: string, { id, claim }: ClaimedEntry): Promise<boolean> {
    return this.#group.run(lockOf(topic, id), async (tx) => {
      const sql = `DELETE FROM ${AGENDA} WHERE topic = ? AND id = ? AND claim = ?`;
      return (await tx.run(sql, [topic, id, claim])) > 0;
    });
  }

  postpone(
    topic: string,
    { id, claim }: ClaimedEntry,
    { dueAtMs, value }: { readonly dueAtMs: number; readonly value: string },
  ): Promise<boolean> {
    return this.#group.run(lockOf(topic, id), async (tx) => {
      const sql = `UPDATE ${AGENDA} SET due_at = ?, value = ?, claim = NULL WHERE topic = ? AND id = ? AND claim = ?`;
      return (await tx.run(sql, [Math.ceil(dueAtMs), value, topic, id, claim])) > 0;
    });
  }

  change(topic: string, { id, dueAtMs, value }: AgendaEntry, nowMs: number): Promise<boolean> {
    return this.#group.run(lockOf(topic, id), async (tx) => {
      const sql = `UPDATE ${AGENDA} SET due_at = ?, value = ?, claim = NULL WHERE topic = ? AND id = ? AND ${FREE}`;
      return (await tx.run(sql, [Math.ceil(dueAtMs), value, topic, id, Math.floor(nowMs)])) > 0;
    });
  }

  remove(topic: string, id: string, nowMs: number): Promise<AgendaEntry | undefined> {
    return this.#group.run(lockOf(topic, id), async (tx) => {
      const sql = `DELETE FROM ${AGENDA} WHERE topic = ? AND id = ? AND ${FREE} RETURNING ${COLUMNS}`;
      return (await tx.all<Row>(sql, [topic, id, Math.floor(nowMs)])).map(toEntry)[0];
    });
  }

  summary(topic: string): Promise<{ readonly count: number; readonly nextDueAtMs: number | null }> {
    return withStateErrors(async () => {
      const sql = `SELECT COUNT(*) AS count, MIN(due_at) AS next_due FROM ${AGENDA} WHERE topic = ?`;
      const [row] = await (await this.#database()).all<{ count: number; next_due: number | null }>(sql, [
        topic,
      ]);
      return { count: row?.count ?? 0, nextDueAtMs: row?.next_due ?? null };
    });
  }
}

function lockOf(topic: string, id: string): string {
  return `agenda ${topic} ${id}`;
}

function toEntry({ id, due_at: dueAtMs, value }: Row): AgendaEntry {
  return { id, dueAtMs, value };
}
