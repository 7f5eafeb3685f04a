/** The brokers that queues and dead letters are tested on. */
import { randomUUID } from "node:crypto";
import { amqpUrl, redisUrl, sqliteFile } from "../helpers/services.ts";

/** By name, each with what makes the URL of an empty one. */
export const BROKERS: Readonly<Record<string, () => Promise<string>>> = {
  memory: async () => `memory://${randomUUID()}`,
  Redis: redisUrl,
  RabbitMQ: amqpUrl,
  SQLite: async () => `sqla+sqlite:///${await sqliteFile()}`,
};
