/** The task-sent event of a client. Source: celery/app/amqp.py `task_sent` of 5.7. */
import { type Codecs, encodeBody } from "../codecs/index.ts";
import type { Connection } from "../transports/index.ts";
import type { PreparedTask } from "./producer.ts";
import type { Settings } from "./settings.ts";

/** What the event says of its sender, and how. */
export interface EventSource {
  /** Node name: `gen123@host`. */
  readonly origin: string;
  readonly codecs: Codecs;
  readonly settings: Pick<Settings, "eventSerializer" | "eventExchange">;
}

/** Tells monitors that a task was sent; does nothing on brokers without events. */
export async function sendSentEvent(
  connection: Connection,
  prepared: PreparedTask,
  { origin, codecs, settings }: EventSource,
): Promise<void> {
  const type = connection.capabilities.eventExchangeType;
  if (type === undefined) return;
  await connection.declareExchange({ name: settings.eventExchange, type });
  const { body, contentType, contentEncoding } = await encodeBody(
    describeSent(prepared, origin),
    codecs.serializer(settings.eventSerializer),
  );
  await connection.publish(
    {
      body,
      contentType,
      contentEncoding,
      headers: { hostname: origin },
      properties: { deliveryMode: 1, priority: 0 },
    },
    { exchange: settings.eventExchange, routingKey: "task.sent", optional: true },
  );
}

/** A client's clock is never in step with the workers', so it is 0: receivers ignore it. */
function describeSent({ call, route }: PreparedTask, origin: string): Readonly<Record<string, unknown>> {
  return {
    hostname: origin,
    utcoffset: new Date().getTimezoneOffset() / 60,
    pid: process.pid,
    clock: 0,
    uuid: call.id,
    root_id: call.rootId ?? call.id,
    parent_id: call.parentId ?? null,
    name: call.task,
    args: call.argsrepr,
    kwargs: call.kwargsrepr,
    retries: call.retries ?? 0,
    eta: call.eta ?? null,
    expires: call.expires ?? null,
    queue: route.queue?.name ?? null,
    exchange: route.exchange,
    routing_key: route.routingKey,
    timestamp: Date.now() / 1000,
    type: "task-sent",
  };
}
