/** Task messages built by hand, as a client without Celerity would: for the floors, and to fill queues. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Options } from "amqplib";

const origin = `bench${process.pid}@${hostname()}`;

/** A call as JSON shows it: task and positional arguments. */
export interface Call {
  readonly task: string;
  readonly args: readonly number[];
}

export const ADD: Call = { task: "tasks.add", args: [2, 3] };

/** A call of a task: protocol 2, json. */
export interface TaskMessage {
  readonly id: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

export function taskMessage({ task, args }: Call = ADD): TaskMessage {
  const id = randomUUID();
  const headers = {
    lang: "js",
    task,
    id,
    shadow: null,
    eta: null,
    expires: null,
    group: null,
    group_index: null,
    retries: 0,
    timelimit: [null, null],
    root_id: id,
    parent_id: null,
    argsrepr: `(${args.join(", ")}${args.length === 1 ? "," : ""})`,
    kwargsrepr: "{}",
    origin,
    ignore_result: false,
    replaced_task_nesting: 0,
    stamped_headers: null,
    stamps: {},
  };
  const body = JSON.stringify([args, {}, { callbacks: null, errbacks: null, chain: null, chord: null }]);
  return { id, headers, body: Buffer.from(body) };
}

/** The same in kombu's envelope, for Redis. */
export function taskEnvelope(call: Call = ADD): string {
  const { id, headers, body } = taskMessage(call);
  return JSON.stringify({
    body: body.toString("base64"),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    headers,
    properties: {
      correlation_id: id,
      reply_to: "",
      delivery_mode: 2,
      delivery_info: { exchange: "", routing_key: "celery" },
      priority: 0,
      body_encoding: "base64",
      delivery_tag: randomUUID(),
    },
  });
}

/** AMQP properties of {@link taskMessage}, as amqplib takes them. */
export function taskProperties({ id, headers }: TaskMessage): Options.Publish {
  return {
    headers,
    contentType: "application/json",
    contentEncoding: "utf-8",
    correlationId: id,
    deliveryMode: 2,
    priority: 0,
  };
}

/** The document that a result backend keeps for `tasks.add(2, 3)`. */
export function addResult(id: string): string {
  return JSON.stringify({
    status: "SUCCESS",
    result: 5,
    traceback: null,
    children: [],
    date_done: new Date().toISOString(),
    task_id: id,
  });
}
