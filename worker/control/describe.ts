/** Jobs and queues as `celery inspect` shows them. Source: celery/worker/request.py `info`, kombu/entity.py `as_dict`. */
import { type PlainObject, pythonRepr } from "../../protocol/index.ts";
import type { QueueSpec } from "../../transports/index.ts";
import type { Job } from "../job.ts";

/** `safe`: arguments as text, for readers that cannot hold every value. */
export function describeJob(job: Job, hostname: string, safe = false): PlainObject {
  const { request, startedAtMs, delivery, acksLate, pid } = job;
  return {
    id: request.id,
    name: request.task,
    args: safe ? pythonRepr(request.args) : request.args,
    kwargs: safe ? pythonRepr(request.kwargs) : request.kwargs,
    type: request.task,
    hostname,
    time_start: startedAtMs === undefined ? null : startedAtMs / 1000,
    acknowledged: !acksLate,
    delivery_info: {
      exchange: delivery.exchange,
      routing_key: delivery.routingKey,
      priority: request.priority,
      redelivered: delivery.redelivered,
    },
    worker_pid: startedAtMs === undefined ? null : pid,
  };
}

export function describeQueue(queue: QueueSpec): PlainObject {
  const { exchange } = queue;
  return {
    name: queue.name,
    exchange: {
      name: exchange?.name ?? "",
      type: exchange?.type ?? "direct",
      arguments: null,
      durable: exchange?.durable ?? true,
      passive: false,
      auto_delete: exchange?.autoDelete ?? false,
      delivery_mode: null,
      no_declare: false,
    },
    routing_key: queue.routingKey ?? queue.name,
    queue_arguments: queue.arguments ?? null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: queue.durable ?? true,
    exclusive: queue.exclusive ?? false,
    auto_delete: queue.autoDelete ?? false,
    no_ack: false,
    alias: null,
    bindings: [],
    no_declare: null,
    expires: queue.expiresMs === undefined ? null : queue.expiresMs / 1000,
    message_ttl: queue.messageTtlMs === undefined ? null : queue.messageTtlMs / 1000,
    max_length: null,
    max_length_bytes: null,
    max_priority: queue.maxPriority ?? null,
  };
}
