/**
 * Prints the AsyncAPI document: what lies in the app's queues, for those who write workers or clients of their own. Headers
 * and payload are those of Celery's task protocol 2. Source: celery/app/amqp.py `as_task_v2` of 5.7.
 */
import type { App } from "../app/index.ts";
import { VERSION } from "../version.ts";
import { asyncapiSchemas } from "./asyncapi-schemas.ts";

/** Names in AsyncAPI have letters, digits, `-` and `_` only. */
function nameOf(queue: string): string {
  return queue.replaceAll(/[^A-Za-z0-9_-]/g, (character) => `_${character.charCodeAt(0).toString(16)}`);
}

const REPLY = "replies";

/** The document as an object, of the queues by their names. */
export function asyncapiOf({ settings, router }: App, queues: readonly string[]): object {
  const named = queues.map((queue) => [nameOf(queue), queue] as const);
  const channels = named.map(([name, queue]) => [name, channelOf(queue, router.queue(queue))]);
  const operations = named.flatMap(([name, queue]) => [
    [`send_${name}`, operationOf(name, "send", `Have a task of the queue ${queue} run.`)],
    [`receive_${name}`, operationOf(name, "receive", `Run a task of the queue ${queue}.`)],
  ]);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Celery tasks",
      version: VERSION,
      description:
        "Messages of Celery's task protocol 2. A message goes to a queue by the anonymous exchange, with the queue's name as its routing key, or by the queue's own exchange.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    channels: { ...Object.fromEntries(channels), [REPLY]: replyChannel() },
    operations: Object.fromEntries(operations),
    components: {
      messages: {
        task: {
          name: "task",
          title: "A task",
          contentType: "application/json",
          correlationId: { location: "$message.header#/id" },
          headers: { $ref: "#/components/schemas/TaskHeaders" },
          payload: { $ref: "#/components/schemas/TaskPayload" },
        },
        result: {
          name: "result",
          title: "How a task ended",
          contentType: "application/json",
          correlationId: { location: "$message.payload#/task_id" },
          payload: { $ref: "#/components/schemas/Result" },
        },
      },
      schemas: asyncapiSchemas(settings.taskDefaultQueue),
    },
  };
}

function channelOf(
  queue: string,
  {
    durable = true,
    exchange,
  }: { readonly durable?: boolean; readonly exchange?: { readonly name: string; readonly type: string } },
): object {
  return {
    address: queue,
    title: queue,
    messages: { task: { $ref: "#/components/messages/task" } },
    bindings: {
      amqp: {
        is: "queue",
        queue: { name: queue, durable, vhost: "/" },
        bindingVersion: "0.3.0",
      },
    },
    ...(exchange === undefined
      ? {}
      : { description: `Bound to the ${exchange.type} exchange "${exchange.name}".` }),
  };
}

/** With the result backend rpc:// results are messages; with others they are looked up by the task's id. */
function replyChannel(): object {
  return {
    address: null,
    title: "Results",
    description:
      "The queue that a task's property reply_to names, when results are messages (result backend rpc). Other result stores keep the same document under the task's id.",
    messages: { result: { $ref: "#/components/messages/result" } },
  };
}

function operationOf(name: string, action: "send" | "receive", summary: string): object {
  return {
    action,
    channel: { $ref: `#/channels/${name}` },
    summary,
    messages: [{ $ref: `#/channels/${name}/messages/task` }],
    reply: {
      address: { location: "$message.header#/reply_to" },
      channel: { $ref: `#/channels/${REPLY}` },
      messages: [{ $ref: `#/channels/${REPLY}/messages/result` }],
    },
  };
}
