/** Which queue a task goes to. Source: celery/app/routes.py and celery/app/amqp.py of 5.7. */
import { ConfigurationError } from "../protocol/index.ts";
import type { ExchangeSpec, ExchangeType, QueueSpec } from "../transports/index.ts";
import type { Settings } from "./settings.ts";

/** A queue of the `taskQueues` setting. */
export interface QueueSettings {
  /** Default: the settings' default exchange; with an exchangeType, the queue's name. */
  readonly exchange?: string;
  /** Default: that of the default exchange; for one of its own, direct. */
  readonly exchangeType?: ExchangeType;
  /** Default: the queue's name. */
  readonly routingKey?: string;
  /** Default: classic, whatever taskDefaultQueueType says. */
  readonly type?: "classic" | "quorum";
  readonly durable?: boolean;
  readonly maxPriority?: number;
  /** Further AMQP arguments, as the broker names them (`x-dead-letter-exchange`, ...). */
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** Where a route sends a task; parts that are absent get the defaults. */
export interface RouteOptions {
  readonly queue?: string;
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly priority?: number;
}

/** Decides by code; undefined passes on to the next route. */
export type RouteFunction = (
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
) => RouteOptions | string | undefined;

/** Task names, globs (`billing.*`) or regular expressions, each with a route or just a queue name. */
export type RouteRule = readonly [pattern: string | RegExp, route: RouteOptions | string];

/** Celery's `task_routes`: an object by name or glob, or a list of such objects, rules and functions; the first match wins. */
export type RouteTable =
  | Readonly<Record<string, RouteOptions | string>>
  | readonly (Readonly<Record<string, RouteOptions | string>> | RouteRule | RouteFunction)[]
  | RouteFunction;

/** A decided route: the queue to declare, and where to publish. */
export interface ResolvedRoute {
  readonly queue: QueueSpec | undefined;
  readonly exchange: string;
  readonly routingKey: string;
  readonly priority: number | undefined;
}

export interface Router {
  /** The options of one call win over the table, the table over the defaults. */
  route(
    task: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    call: RouteOptions,
  ): ResolvedRoute;
  /** The queue of a name, as declared by this app. Throws ConfigurationError when it may not be made. */
  queue(name: string): QueueSpec;
  /** What a worker without `-Q` consumes. */
  readonly defaultQueues: readonly QueueSpec[];
  /** Those, and the ones that routes lead to which are given as data. */
  readonly knownQueues: readonly QueueSpec[];
}

/** Queues that are remembered at once: callers may invent any number of names. */
export const MAX_KNOWN_QUEUES = 10_000;

export function createRouter(settings: Settings): Router {
  const find = compileRoutes(settings.taskRoutes);
  const known = new Map<string, QueueSpec>();

  const queue = (name: string): QueueSpec => {
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const spec = toQueueSpec(name, settings);
    if (known.size >= MAX_KNOWN_QUEUES) known.clear();
    known.set(name, spec);
    return spec;
  };

  const given = Object.keys(settings.taskQueues);
  const names = given.length === 0 ? [settings.taskDefaultQueue] : given;
  const targets = routeTargets(settings.taskRoutes).filter(
    (name) => settings.taskCreateMissingQueues || name === settings.taskDefaultQueue,
  );
  return {
    queue,
    defaultQueues: names.map(queue),
    knownQueues: [...new Set([...names, ...targets])].map(queue),
    route(task, args, kwargs, call) {
      const found = find(task, args, kwargs);
      const merged = found === NO_ROUTE ? call : { ...found, ...call };
      const priority = merged.priority ?? settings.taskDefaultPriority ?? undefined;
      if (merged.exchange !== undefined && merged.exchange !== "") {
        const routingKey = merged.routingKey ?? settings.taskDefaultRoutingKey ?? settings.taskDefaultQueue;
        return { queue: undefined, exchange: merged.exchange, routingKey, priority };
      }
      const spec = queue(merged.queue ?? settings.taskDefaultQueue);
      // As Celery does: a direct exchange is passed by, the anonymous exchange reaches the queue by its name.
      if ((spec.exchange?.type ?? "direct") === "direct" && merged.routingKey === undefined) {
        return { queue: spec, exchange: "", routingKey: spec.name, priority };
      }
      const routingKey = merged.routingKey ?? spec.routingKey ?? spec.name;
      return { queue: spec, exchange: spec.exchange?.name ?? "", routingKey, priority };
    },
  };
}

/** A queue of taskQueues, the default queue where there are none, or one that is made because somebody named it. */
function toQueueSpec(name: string, settings: Settings): QueueSpec {
  const { taskQueues } = settings;
  const given = Object.hasOwn(taskQueues, name) ? taskQueues[name] : undefined;
  const isDefault = name === settings.taskDefaultQueue;
  if (given === undefined && !isDefault && !settings.taskCreateMissingQueues) {
    throw new ConfigurationError(`Queue "${name}" is not in taskQueues, and taskCreateMissingQueues is off.`);
  }
  if (given !== undefined) return givenQueue(name, given, settings);
  const { taskQueueMaxPriority: maxPriority, taskDefaultRoutingKey } = settings;
  const isLone = isDefault && Object.keys(taskQueues).length === 0;
  const type = isLone ? settings.taskDefaultQueueType : settings.taskCreateMissingQueueType;
  return {
    name,
    exchange: isLone
      ? defaultExchange(settings)
      : { name, type: settings.taskCreateMissingQueueExchangeType ?? "direct" },
    routingKey: (isLone ? taskDefaultRoutingKey : null) ?? name,
    ...(maxPriority === null ? {} : { maxPriority }),
    ...(type === "quorum" ? { type } : {}),
  };
}

function givenQueue(name: string, given: QueueSettings, settings: Settings): QueueSpec {
  const maxPriority = given.maxPriority ?? settings.taskQueueMaxPriority ?? undefined;
  const isOwn = given.exchange !== undefined || given.exchangeType !== undefined;
  return {
    name,
    exchange: isOwn
      ? { name: given.exchange ?? name, type: given.exchangeType ?? "direct" }
      : defaultExchange(settings),
    routingKey: given.routingKey ?? name,
    ...(given.durable === undefined ? {} : { durable: given.durable }),
    ...(maxPriority === undefined ? {} : { maxPriority }),
    ...(given.type === "quorum" ? { type: given.type } : {}),
    ...(given.arguments === undefined ? {} : { arguments: given.arguments }),
  };
}

function defaultExchange(settings: Settings): ExchangeSpec {
  return {
    name: settings.taskDefaultExchange ?? settings.taskDefaultQueue,
    type: settings.taskDefaultExchangeType,
  };
}

/** Queues that a table names; functions are not asked. */
function routeTargets(table: RouteTable): readonly string[] {
  return (Array.isArray(table) ? table : [table]).flatMap((rule) => {
    if (typeof rule === "function") return [];
    const routes: readonly (RouteOptions | string)[] = Array.isArray(rule) ? [rule[1]] : Object.values(rule);
    return routes.flatMap((route) => (typeof route === "string" ? route : (route.queue ?? [])));
  });
}

function compileRoutes(table: RouteTable): (...call: Parameters<RouteFunction>) => RouteOptions {
  const rules = (Array.isArray(table) ? table : [table]).flatMap(compileRule);
  return (task, args, kwargs) => {
    for (const rule of rules) {
      const found = rule(task, args, kwargs);
      if (found !== undefined) return typeof found === "string" ? { queue: found } : found;
    }
    return NO_ROUTE;
  };
}

/** What no rule matched gets. */
const NO_ROUTE: RouteOptions = {};

function compileRule(
  rule: RouteRule | RouteFunction | Readonly<Record<string, RouteOptions | string>>,
): RouteFunction[] {
  if (typeof rule === "function") return [rule];
  if (Array.isArray(rule)) {
    const [pattern, route] = rule as RouteRule;
    const matches = matcher(pattern);
    return [(task) => (matches(task) ? route : undefined)];
  }
  const byName = rule as Readonly<Record<string, RouteOptions | string>>;
  const globs = Object.entries(byName)
    .filter(([name]) => /[*?[]/.test(name))
    .map(([name, route]) => ({ matches: matcher(name), route }));
  return [
    (task) => (Object.hasOwn(byName, task) ? byName[task] : undefined),
    (task) => globs.find(({ matches }) => matches(task))?.route,
  ];
}

function matcher(pattern: string | RegExp): (task: string) => boolean {
  const expression = typeof pattern === "string" ? globToRegExp(pattern) : pattern;
  return (task) => expression.test(task);
}

/** fnmatch: `*` any text, `?` one character, `[...]` one of a set. */
function globToRegExp(glob: string): RegExp {
  const body = glob
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
    .replaceAll("[!", "[^");
  return new RegExp(`^${body}$`, "s");
}
