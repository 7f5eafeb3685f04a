/** SQL databases shared by the SQL transport and the database result backend. */
export * from "./bell.ts";
export * from "./database.ts";
export * from "./errors.ts";
export * from "./open.ts";
export * from "./open-tables.ts";
export * from "./schema.ts";
export * from "./sql-text.ts";
export * from "./sql-url.ts";
