/** Turns calls into messages and publishes them: `call -> TaskCall -> TaskMessage -> WireMessage -> broker`. */
import { randomUUID } from "node:crypto";
import type { WaitOptions } from "../backends/index.ts";
import {
  type Awaitable,
  andThen,
  type Codecs,
  type Compressor,
  type EncodedBody,
  encodeBody,
  type Serializer,
} from "../codecs/index.ts";
import {
  argsRepr,
  ConfigurationError,
  formatIsoTime,
  kwargsRepr,
  type PlainObject,
  parseIsoTime,
  type Signature,
  type TaskCall,
  type TaskMessage,
  toTaskMessageV1,
  toTaskMessageV2,
  type WireMessage,
} from "../protocol/index.ts";
import {
  type Connection,
  delayedRoute,
  isQuorumQueue,
  type QueueSpec,
  withoutExpiration,
} from "../transports/index.ts";
import { currentTask } from "./current-task.ts";
import type { AsyncResult } from "./results/index.ts";
import { MAX_KNOWN_QUEUES, type ResolvedRoute, type RouteOptions, type Router } from "./routing.ts";
import type { Settings } from "./settings.ts";
import type { TaskOptions } from "./task-options.ts";

/** Options of one call: Celery's apply_async options in camelCase. */
export interface SendOptions extends RouteOptions {
  readonly args?: readonly unknown[];
  readonly kwargs?: PlainObject;
  readonly taskId?: string;
  /** Goes where the task of this name goes. */
  readonly routeName?: string;
  /** Seconds from now; instead of eta. */
  readonly countdown?: number;
  /** Earliest time to run: a Date, or ISO 8601 text. */
  readonly eta?: Date | string;
  /** Latest time to start: seconds from now, a Date, or ISO 8601 text. */
  readonly expires?: number | Date | string;
  readonly retries?: number;
  /** Seconds. */
  readonly timeLimit?: number;
  /** Seconds. */
  readonly softTimeLimit?: number;
  readonly serializer?: string;
  readonly compression?: string;
  readonly headers?: PlainObject;
  /** A name for logs and monitors instead of the task's. */
  readonly shadow?: string;
  readonly ignoreResult?: boolean;
  readonly replyTo?: string;
  readonly deliveryMode?: 1 | 2;
  readonly rootId?: string;
  readonly parentId?: string;
  readonly groupId?: string;
  readonly groupIndex?: number;
  /** Called with the result. */
  readonly link?: Signature | readonly Signature[];
  /** Called with the task's id when it fails. */
  readonly linkError?: Signature | readonly Signature[];
  /** Rest of a chain, the next task last. */
  readonly chain?: readonly Signature[];
  readonly chord?: Signature;
  readonly replacedTaskNesting?: number;
  readonly stampedHeaders?: readonly string[];
  readonly stamps?: PlainObject;
  /** For messages sent again: the origin, argsrepr and absolute times they had. */
  readonly origin?: string;
}

/** The two ways to send, as tasks use them. */
export interface Caller {
  send<Result>(task: string, options: SendOptions): Promise<AsyncResult<Result>>;
  call<Result>(task: string, options: SendOptions & WaitOptions): Promise<Result>;
}

/** A message ready to go, and where to. */
export interface PreparedTask {
  readonly id: string;
  readonly message: WireMessage;
  readonly route: ResolvedRoute;
  readonly call: TaskCall;
}

export interface ProducerOptions {
  readonly settings: Settings;
  readonly router: Router;
  readonly codecs: Codecs;
  /** Options of a registered task, undefined for names this app does not know. */
  readonly taskOptions: (task: string) => TaskOptions | undefined;
  /** Queue for rpc results. */
  readonly replyTo: string;
  /** Node name of this process: `gen123@host`. */
  readonly origin: string;
}

export interface Producer {
  /** Decides everything about a call; pure but for the id and the clock. A promise only when a codec works off the event loop. */
  prepare(task: string, options: SendOptions): Awaitable<PreparedTask>;
  /** Resolves when the broker has the message. */
  publish(prepared: PreparedTask, connection: Connection): Promise<void>;
}

export function createProducer(options: ProducerOptions): Producer {
  const { settings, router } = options;
  const declareOnce = once((connection, queue) => connection.declareQueue(queue));
  const declareDelaysOnce = once(async (connection, queue) => {
    await declareOnce(connection, queue);
    await connection.declareDelays?.([queue]);
  });

  return {
    prepare(task, send) {
      const merged = withTaskOptions(send, options.taskOptions(task));
      const { args = [], kwargs = {} } = merged;
      const route = router.route(merged.routeName ?? task, args, kwargs, routeOptions(merged));
      const call = toTaskCall(task, merged, route, options);
      const built = settings.taskProtocol === 1 ? toTaskMessageV1(call) : toTaskMessageV2(call);
      return andThen(encodeBody(built.body, ...codecsOf(merged, options)), (encoded) => ({
        id: call.id,
        call,
        route,
        message: toWireMessage(built, encoded),
      }));
    },
    publish(prepared, connection) {
      const { route, message } = prepared;
      const seconds = secondsOfDelay(prepared, connection, router);
      if (seconds !== undefined && route.queue !== undefined) {
        const delayed = delayedRoute(route.routingKey, seconds);
        return (declareDelaysOnce(connection, route.queue) ?? DONE).then(() =>
          connection.publish(withoutExpiration(message), delayed),
        );
      }
      const declaring = route.queue === undefined ? undefined : declareOnce(connection, route.queue);
      if (declaring === undefined) return connection.publish(message, route);
      return declaring.then(() => connection.publish(message, route));
    },
  };
}

/** Runs `declare` once for each connection and queue; undefined when it has been done. */
function once(
  declare: (connection: Connection, queue: QueueSpec) => Promise<void>,
): (connection: Connection, queue: QueueSpec) => Promise<void> | undefined {
  const declared = new WeakMap<Connection, Map<string, Promise<void>>>();
  return (connection, queue) => {
    const queues = declared.get(connection) ?? new Map<string, Promise<void>>();
    declared.set(connection, queues);
    const known = queues.get(queue.name);
    if (known !== undefined) return known === DONE ? undefined : known;
    if (queues.size >= MAX_KNOWN_QUEUES) queues.clear();
    const declaring = declare(connection, queue).then(
      () => void queues.set(queue.name, DONE),
      (error: unknown) => {
        queues.delete(queue.name);
        throw error;
      },
    );
    queues.set(queue.name, declaring);
    return declaring;
  };
}

/**
 * How long the broker shall keep a message, in whole seconds; undefined where it goes to its queue at once. As in Celery, a
 * direct exchange has no delays. Source: celery/app/base.py Celery.send_task.
 */
function secondsOfDelay(
  { call, route }: PreparedTask,
  { capabilities }: Connection,
  { defaultQueues }: Router,
): number | undefined {
  const { queue } = route;
  if (call.eta === null || call.eta === undefined || capabilities.nativeDelay !== true) return undefined;
  if (queue === undefined || (queue.exchange?.type ?? "direct") === "direct") return undefined;
  if (!isQuorumQueue(queue) && !defaultQueues.some(isQuorumQueue)) return undefined;
  const seconds = Math.trunc((parseIsoTime(call.eta, "eta") - Date.now()) / 1000);
  return seconds < 1 ? undefined : seconds;
}

function toWireMessage({ headers, properties }: TaskMessage, encoded: EncodedBody): WireMessage {
  const { body, contentType, contentEncoding, compressionHeader } = encoded;
  return {
    body,
    contentType,
    contentEncoding,
    headers: compressionHeader === undefined ? headers : { ...headers, compression: compressionHeader },
    properties,
  };
}

/** Marks a queue whose declaration has been confirmed. */
const DONE: Promise<void> = Promise.resolve();

/** Options of a call that a task's definition may set, by the names both share. */
const SHARED_OPTIONS = [
  "queue",
  "exchange",
  "routingKey",
  "priority",
  "serializer",
  "compression",
  "ignoreResult",
  "timeLimit",
  "softTimeLimit",
] as const satisfies readonly (keyof TaskOptions & keyof SendOptions)[];

/** What a task's definition adds to its calls, undefined for nothing; kept, because it is asked for every call. */
const taskDefaults = new WeakMap<TaskOptions, SendOptions | null>();

function withTaskOptions(send: SendOptions, task: TaskOptions | undefined): SendOptions {
  if (task === undefined) return send;
  let defaults = taskDefaults.get(task);
  if (defaults === undefined) {
    const set = SHARED_OPTIONS.filter((name) => task[name] !== undefined).map(
      (name) => [name, task[name]] as const,
    );
    defaults = set.length === 0 ? null : (Object.fromEntries(set) as SendOptions);
    taskDefaults.set(task, defaults);
  }
  return defaults === null ? send : { ...defaults, ...send };
}

const NO_OPTIONS: RouteOptions = {};

function routeOptions({ queue, exchange, routingKey, priority }: SendOptions): RouteOptions {
  if (queue === undefined && exchange === undefined && routingKey === undefined && priority === undefined) {
    return NO_OPTIONS;
  }
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(routingKey === undefined ? {} : { routingKey }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function codecsOf(
  send: SendOptions,
  { codecs, settings }: ProducerOptions,
): [Serializer, Compressor | undefined] {
  const compression = send.compression ?? settings.taskCompression;
  return [
    codecs.serializer(send.serializer ?? settings.taskSerializer),
    compression === null ? undefined : codecs.compressor(compression),
  ];
}

function toTaskCall(
  task: string,
  send: SendOptions,
  route: ResolvedRoute,
  options: ProducerOptions,
): TaskCall {
  const { args = [], kwargs = {} } = send;
  const { settings } = options;
  const nowMs = Date.now();
  const etaMs = etaOf(send, nowMs);
  const expiresMs = expiresOf(send, nowMs);
  const parent = currentTask();
  return {
    task,
    id: send.taskId ?? randomUUID(),
    args,
    kwargs,
    eta: etaMs === undefined ? null : formatIsoTime(etaMs),
    expires: expiresMs === undefined ? null : formatIsoTime(expiresMs),
    expirationMs: expiresMs === undefined ? undefined : expiresMs - nowMs,
    retries: send.retries ?? 0,
    timeLimitSeconds: send.timeLimit ?? null,
    softTimeLimitSeconds: send.softTimeLimit ?? null,
    groupId: send.groupId ?? null,
    groupIndex: send.groupIndex ?? null,
    rootId: send.rootId ?? parent?.rootId ?? null,
    parentId: send.parentId ?? parent?.id ?? null,
    shadow: send.shadow ?? null,
    ignoreResult: send.ignoreResult ?? null,
    origin: send.origin ?? options.origin,
    replyTo: send.replyTo ?? options.replyTo,
    priority: route.priority ?? 0,
    deliveryMode: send.deliveryMode ?? settings.taskDefaultDeliveryMode,
    replacedTaskNesting: send.replacedTaskNesting ?? 0,
    stampedHeaders: send.stampedHeaders ?? null,
    stamps: send.stamps ?? {},
    headers: send.headers,
    argsrepr: argsRepr(args),
    kwargsrepr: kwargsRepr(kwargs),
    callbacks: signatures(send.link),
    errbacks: signatures(send.linkError),
    chain: send.chain ?? null,
    chord: send.chord ?? null,
  };
}

function etaOf({ eta, countdown }: SendOptions, nowMs: number): number | undefined {
  if (eta !== undefined) return toMs(eta, "eta");
  return countdown === undefined ? undefined : nowMs + seconds(countdown, "countdown") * 1000;
}

function expiresOf({ expires }: SendOptions, nowMs: number): number | undefined {
  if (expires === undefined) return undefined;
  return typeof expires === "number" ? nowMs + seconds(expires, "expires") * 1000 : toMs(expires, "expires");
}

function toMs(time: Date | string, field: string): number {
  if (typeof time === "string") return parseIsoTime(time, field);
  if (!Number.isNaN(time.getTime())) return time.getTime();
  throw new ConfigurationError(`"${field}" is an invalid Date.`);
}

function seconds(value: number, field: string): number {
  if (Number.isFinite(value)) return value;
  throw new ConfigurationError(`"${field}" must be a finite number of seconds.`);
}

function signatures(link: Signature | readonly Signature[] | undefined): readonly Signature[] | null {
  if (link === undefined) return null;
  return Array.isArray(link) ? link : [link as Signature];
}
