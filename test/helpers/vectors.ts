import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Another folder than conformance/vectors, to test with messages recorded anew. */
const folder =
  process.env["CELERITY_TEST_VECTORS"] ??
  fileURLToPath(new URL("../../conformance/vectors", import.meta.url));

/** A file of conformance/vectors, without its ending. The README there says what each one holds. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8")) as T;
}

/** A task message as RabbitMQ delivered it. */
export interface AmqpVector {
  readonly name: string;
  readonly transport: "amqp";
  readonly properties: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body_b64: string;
  readonly body_text: string | null;
}

/** A task message as it lay in a Redis list: kombu's envelope. */
export interface RedisVector {
  readonly name: string;
  readonly transport: "redis";
  readonly raw: string;
}

/** A message of tasks.json or tasks_options.json. */
export type TaskVector = AmqpVector | RedisVector;

/** A value of pickles.json. */
export interface PickleVector {
  readonly name: string;
  readonly repr: string;
  /** What it names, in protocol 2. */
  readonly globals: readonly string[];
  /** The pickles in base64, by protocol. */
  readonly protocols: Readonly<Record<string, string>>;
}
