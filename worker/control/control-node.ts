/**
 * The worker's ear for remote control: every worker has a queue on the fanout exchange `celery.pidbox` and answers to the
 * asker's reply queue. Source: kombu/pidbox.py, celery/worker/pidbox.py.
 */
import { CONTROL_REPLY_EXCHANGE, type ControlHandler, controlQueue, replyExchange } from "../../app/index.ts";
import { decodeBody, type EncodedBody, encodeBody, jsonSerializer } from "../../codecs/index.ts";
import {
  BrokerError,
  ConfigurationError,
  isPlainObject,
  type PlainObject,
  toError,
} from "../../protocol/index.ts";
import type { Connection, Delivery } from "../../transports/index.ts";
import type { SealCheck } from "../seal-check.ts";
import type { Worker } from "../worker.ts";
import { PythonError, reprError } from "./command.ts";
import { COMMANDS } from "./commands.ts";

export interface ControlNode {
  close(): Promise<void>;
}

/** Starts to listen; undefined on brokers without fanout. */
export async function createControlNode(
  worker: Worker,
  connection: Connection,
  sealCheck: SealCheck | undefined,
): Promise<ControlNode | undefined> {
  for (const name of worker.app.controlCommands.keys()) {
    if (Object.hasOwn(COMMANDS, name))
      throw new ConfigurationError(
        `The control command "${name}" is one of the worker's own; name yours otherwise.`,
      );
  }
  if (!connection.capabilities.exchangeTypes.includes("fanout")) return undefined;
  const { settings } = worker.app;
  const queue = controlQueue(settings, worker.hostname);
  await connection.declareExchange(replyExchange(settings));
  try {
    await connection.declareQueue(queue);
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== "broker_refused") throw error;
    const hint = `Another worker may be running as "${worker.hostname}"; give this one a name of its own with -n.`;
    throw new BrokerError("broker_refused", `${error.message} ${hint}`, { cause: error });
  }
  const consumer = connection.consume([queue], { prefetch: 0, noAck: true });
  const listening = (async () => {
    for await (const deliveries of consumer) {
      for (const delivery of deliveries) await answer(worker, connection, delivery, sealCheck);
    }
  })();
  // A connection that cannot go on ends the worker, and its lanes say why.
  listening.catch(() => undefined);
  return {
    async close() {
      await consumer.close();
      await listening.catch(() => undefined);
    },
  };
}

/** A bad control message is worth a warning and nothing more. */
async function answer(
  worker: Worker,
  connection: Connection,
  delivery: Delivery,
  sealCheck: SealCheck | undefined,
): Promise<void> {
  try {
    if (delivery.message === undefined) throw delivery.malformed ?? new Error("unreadable");
    await sealCheck?.checkControl(delivery);
    const { settings, codecs } = worker.app;
    worker.clock.adjust(delivery.message.headers["clock"]);
    const body = await decodeBody(delivery.message, {
      codecs,
      accept: settings.acceptContent,
      limits: { maxBytes: settings.messageMaxBytes, maxDepth: settings.messageMaxDepth },
    });
    if (!isPlainObject(body) || !isForNode(body, worker.hostname)) return;
    const method = String(body["method"]);
    const given = isPlainObject(body["arguments"]) ? body["arguments"] : {};
    const respond = async (run: () => unknown): Promise<void> => {
      const reply = await describeErrors(run);
      if (isPlainObject(body["reply_to"]) && reply !== undefined) await send(worker, connection, body, reply);
    };
    const builtin = Object.hasOwn(COMMANDS, method) ? COMMANDS[method] : undefined;
    if (builtin !== undefined) return await respond(() => builtin(worker, given));
    const own = worker.app.controlCommands.get(method) ?? unknownCommand(method);
    // Not awaited: while a command of the app's own takes its time, the worker can still be told to revoke and to stop.
    respond(() => own(given, { hostname: worker.hostname })).catch(onTrouble(worker));
  } catch (error) {
    onTrouble(worker)(error);
  }
}

function onTrouble({ app }: Worker): (error: unknown) => void {
  return (error) => app.onWarning("A control message could not be answered", error);
}

function unknownCommand(method: string): ControlHandler {
  return () => {
    throw new PythonError("KeyError", method);
  };
}

/** A list of names wins over a pattern; an empty list means everyone. */
function isForNode({ destination, pattern, matcher }: PlainObject, hostname: string): boolean {
  if (Array.isArray(destination) && destination.length > 0) return destination.includes(hostname);
  if (typeof pattern !== "string" || typeof matcher !== "string") return true;
  if (matcher !== "glob" || pattern.length > 255) return false;
  return globMatches(pattern, hostname);
}

/** `*` stands for any text, `?` for one character; linear in the product of the lengths. */
function globMatches(pattern: string, text: string): boolean {
  let row = [true, ...Array.from(text, () => false)];
  for (const character of pattern) {
    const next: boolean[] = [character === "*" && row[0] === true];
    for (let at = 1; at <= text.length; at += 1) {
      const fits = character === "?" || character === text[at - 1];
      next.push(character === "*" ? row[at] === true || next[at - 1] === true : fits && row[at - 1] === true);
    }
    row = next;
  }
  return row.at(-1) === true;
}

/** What a command answers, or its error as Python prints one. */
async function describeErrors(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return describeError(error);
  }
}

function describeError(error: unknown): PlainObject {
  const { name, message } = toError(error);
  return { error: reprError(name, message) };
}

async function send(
  worker: Worker,
  connection: Connection,
  request: PlainObject,
  reply: unknown,
): Promise<void> {
  const to = request["reply_to"] as PlainObject;
  // Only ever to the reply exchange: a stranger must not make a worker publish elsewhere.
  const { settings, codecs } = worker.app;
  const { name: exchange } = replyExchange(settings);
  if (to["exchange"] !== exchange || typeof to["routing_key"] !== "string") return;
  // Celery replies with the task serializer. Every asker reads JSON, unless all that it takes must be signed.
  const serializer = settings.taskSerializer === "auth" ? codecs.serializer("auth") : jsonSerializer;
  const encode = async (value: unknown): Promise<EncodedBody> =>
    encodeBody({ [worker.hostname]: value }, serializer);
  const { body, contentType, contentEncoding } = await encode(reply).catch((error: unknown) =>
    encode(describeError(error)),
  );
  const message = {
    body,
    contentType,
    contentEncoding,
    headers: { ticket: request["ticket"] ?? null, clock: worker.clock.forward() },
    properties: { deliveryMode: 1, priority: 0 },
  } as const;
  await connection.publish(worker.app.sealing.sealControl(message, CONTROL_REPLY_EXCHANGE), {
    exchange,
    routingKey: to["routing_key"],
    optional: true,
  });
}
