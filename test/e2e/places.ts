/** The brokers and result stores of the end-to-end tests: each call lends an empty place. */
import { fileURLToPath } from "node:url";
import { pythonFolder } from "../helpers/python-environment.ts";
import { amqpUrl, postgresUrl, redisUrl, sqliteFile } from "../helpers/services.ts";

export const brokers: Readonly<Record<"RabbitMQ" | "Redis" | "SQLite", () => Promise<string>>> = {
  RabbitMQ: amqpUrl,
  Redis: redisUrl,
  SQLite: async () => `sqla+sqlite:///${await sqliteFile()}`,
};
export type BrokerName = keyof typeof brokers;
export const brokerNames: readonly BrokerName[] = ["RabbitMQ", "Redis", "SQLite"];

export const backends: Readonly<Record<"rpc" | "Redis" | "SQLite" | "PostgreSQL", () => Promise<string>>> = {
  rpc: async () => "rpc://",
  Redis: redisUrl,
  SQLite: async () => `db+sqlite:///${await sqliteFile()}`,
  PostgreSQL: async () => `db+${(await postgresUrl()).replace(":", "+psycopg2:")}`,
};
export type BackendName = keyof typeof backends;

/** What a Python worker needs to find e2e_tasks.py. */
export const pythonTasks: { readonly app: string; readonly env: Readonly<Record<string, string>> } = {
  app: "e2e_tasks",
  env: { PYTHONPATH: `${pythonFolder}:${fileURLToPath(new URL("python", import.meta.url))}` },
};
