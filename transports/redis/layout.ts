/**
 * Where kombu keeps what in Redis. Source: kombu/transport/redis.py of 5.7; every name can be changed by the transport
 * option of the same name (in camelCase), and `globalKeyprefix` goes before all of them.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `<queue>` | list | messages of the lowest priority step; pushed left, popped right |
 * | `<queue>\x06\x16<step>` | list | messages of the other steps |
 * | `unacked` | hash | claim tag -> JSON `[envelope, exchange, routing key]` |
 * | `unacked_index` | sorted set | claim tag -> Unix time of the claim, in seconds |
 * | `unacked_mutex` | string | who sweeps overdue claims |
 * | `_kombu.binding.<exchange>` | set | `routing key SEP pattern SEP queue` |
 * | `_kombu.binding_permanent.<exchange>` | set | the members whose queue does not expire |
 * | `_kombu.binding_deadlines` | sorted set | exchange -> Unix ms after which its other members may go |
 * | `/<db>.<exchange>[/<routing key>]` | channel | fanout |
 *
 * Beside kombu's keys there are some of our own. For noticing dead processes (leases.ts): `_celerity.alive.<life>`,
 * `_celerity.lives` and `_celerity.sweep`. For messages that wait for their time (parking.ts): `_celerity.parked.<list>`, a
 * sorted set beside each list, of `<claim tag>\n<message>` by the Unix ms at which it is due.
 */
import { ConfigurationError } from "../../protocol/index.ts";
import type { Binding } from "../queue-store.ts";

/** How queues of one step are served when several hold messages. Source: kombu/utils/scheduling.py. */
export type QueueOrder = "round_robin" | "priority" | "sorted";

/** The transport options that this driver reads, with kombu's defaults. */
export interface RedisLayout {
  readonly prefix: string;
  readonly separator: string;
  readonly steps: readonly number[];
  readonly unacked: string;
  readonly unackedIndex: string;
  readonly unackedMutex: string;
  readonly fanoutPrefix: string;
  readonly fanoutPatterns: boolean;
  readonly queueOrder: QueueOrder;
  /** Seconds after which anybody may take back an unacknowledged message whose holder does not renew it. */
  readonly visibilityTimeoutSeconds: number;
  /** Without a sign of life for this long, and half as long again, a process of ours counts as dead. */
  readonly leaseMs: number;
  /** Pause between looks at the queues, where the server does not notify. */
  readonly pollingIntervalMs: number;
}

const QUEUE_ORDERS: readonly string[] = ["round_robin", "priority", "sorted"];

/** Reads the transport options. Throws ConfigurationError for a value of the wrong kind. */
export function readLayout(options: Readonly<Record<string, unknown>>, database: number): RedisLayout {
  const prefix = text(options, "globalKeyprefix", "");
  const queueOrder = text(options, "queueOrderStrategy", "round_robin");
  if (!QUEUE_ORDERS.includes(queueOrder))
    throw new ConfigurationError(
      `queueOrderStrategy is one of ${QUEUE_ORDERS.join(", ")}, not "${queueOrder}".`,
    );
  return {
    prefix,
    separator: text(options, "sep", "\x06\x16"),
    steps: readSteps(options["prioritySteps"]),
    unacked: prefix + text(options, "unackedKey", "unacked"),
    unackedIndex: prefix + text(options, "unackedIndexKey", "unacked_index"),
    unackedMutex: prefix + text(options, "unackedMutexKey", "unacked_mutex"),
    fanoutPrefix: prefix + readFanoutPrefix(options["fanoutPrefix"], database),
    fanoutPatterns: options["fanoutPatterns"] !== false,
    queueOrder: queueOrder as QueueOrder,
    visibilityTimeoutSeconds: positive(options, "visibilityTimeout", 3600),
    leaseMs: positive(options, "leaseMs", 8000),
    pollingIntervalMs: positive(options, "pollingIntervalMs", 50),
  };
}

function text(options: Readonly<Record<string, unknown>>, name: string, fallback: string): string {
  const value = options[name] ?? fallback;
  if (typeof value !== "string") throw new ConfigurationError(`Transport option ${name} must be a string.`);
  return value;
}

function positive(options: Readonly<Record<string, unknown>>, name: string, fallback: number): number {
  const value = options[name] ?? fallback;
  if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value))
    throw new ConfigurationError(`Transport option ${name} must be a number above 0.`);
  return value;
}

function readSteps(option: unknown): readonly number[] {
  if (option === undefined) return [0, 3, 6, 9];
  if (!Array.isArray(option) || option.length === 0 || !option.every(Number.isInteger))
    throw new ConfigurationError("Transport option prioritySteps must be a list of whole numbers.");
  return [...(option as readonly number[])].sort((a, b) => a - b);
}

/** True and absent are kombu's `/{db}.`, false is none, a string may hold `{db}`. */
function readFanoutPrefix(option: unknown, database: number): string {
  if (option === false) return "";
  const form = typeof option === "string" ? option : "/{db}.";
  return form.replaceAll("{db}", String(database));
}

/** The list of a queue that messages of a priority are in: the one of the largest step that is not above it. */
export function listKey(layout: RedisLayout, queue: string, priority: number): string {
  const step = layout.steps.findLast((candidate) => candidate <= priority) ?? layout.steps.at(-1) ?? 0;
  return stepKey(layout, queue, step);
}

function stepKey({ prefix, separator }: RedisLayout, queue: string, step: number): string {
  return step === 0 ? prefix + queue : `${prefix}${queue}${separator}${step}`;
}

/** All lists of a queue, in the order of service. */
export function listKeys(layout: RedisLayout, queue: string): readonly string[] {
  return layout.steps.map((step) => stepKey(layout, queue, step));
}

/** The sorted set of the messages that will go back to a list. */
export function parkedKey({ prefix }: RedisLayout, list: string): string {
  return `${prefix}_celerity.parked.${list.slice(prefix.length)}`;
}

/** Keys of an exchange's binding table. */
export interface BindingKeys {
  readonly table: string;
  readonly permanent: string;
  readonly deadlines: string;
}

export function bindingKeys({ prefix }: RedisLayout, exchange: string): BindingKeys {
  return {
    table: `${prefix}_kombu.binding.${exchange}`,
    permanent: `${prefix}_kombu.binding_permanent.${exchange}`,
    deadlines: `${prefix}_kombu.binding_deadlines`,
  };
}

/** A binding as kombu writes it into the table. */
export function bindingMember({ separator }: RedisLayout, binding: Binding): string {
  return [binding.routingKey, binding.pattern, binding.queue].join(separator);
}

/** Reads members of a binding table; what is no binding is left out. */
export function readBindings(
  { separator }: RedisLayout,
  exchange: string,
  members: readonly string[],
): readonly Binding[] {
  return members.flatMap((member) => {
    const [routingKey, pattern, queue, ...more] = member.split(separator);
    if (routingKey === undefined || pattern === undefined || queue === undefined || more.length > 0)
      return [];
    return [{ exchange, routingKey, pattern, queue }];
  });
}

/** The channel that a fanout message is published on; for subscribing, `routingKey` may hold the patterns `*` and `#`. */
export function fanoutTopic(layout: RedisLayout, exchange: string, routingKey: string): string {
  const topic = layout.fanoutPrefix + exchange;
  return routingKey === "" || !layout.fanoutPatterns ? topic : `${topic}/${routingKey}`;
}

/** Keys of the liveness protocol; a life is one consuming connection. */
export interface LivenessKeys {
  readonly alivePrefix: string;
  readonly lives: string;
  readonly sweep: string;
}

export function livenessKeys({ prefix }: RedisLayout): LivenessKeys {
  return {
    alivePrefix: `${prefix}_celerity.alive.`,
    lives: `${prefix}_celerity.lives`,
    sweep: `${prefix}_celerity.sweep`,
  };
}

/**
 * Tags of one claim all start with this; five digits follow. More than 64 characters on purpose: Redis then keeps
 * `unacked_index` as a skip list from the first entry, where a short tag would be searched for entry by entry
 * (measured: 3 to 4 times the server's work at 50 to 100 claims). Fixed width keeps tags of one life in order of claim.
 */
export function tagPrefix(life: string, claim: number): string {
  return `${lifeTagPrefix(life)}${String(claim).padStart(13, "0")}:`;
}

/** What the tags of one life start with. */
export function lifeTagPrefix(life: string): string {
  return `celerity:${life}:`;
}
