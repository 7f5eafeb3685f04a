/** Times as Django keeps them: UTC, as text in SQLite, with a zone in PostgreSQL. */
import type { SqlDialect } from "../../../stores/sql/index.ts";

/** `2026-11-21 04:00:00.123000`, which PostgreSQL is told to be UTC. */
export function toSqlTime(atMs: number, dialect: SqlDialect): string {
  const text = new Date(atMs).toISOString().replace("T", " ").replace("Z", "000");
  return dialect === "sqlite" ? text : `${text}+00`;
}

/** Milliseconds since 1970; undefined for NULL and for what is no time. */
export function fromSqlTime(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  if (typeof value !== "string") return undefined;
  const text = value.trim().replace(" ", "T");
  const atMs = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}
