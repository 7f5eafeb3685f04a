/** A task as its events show it, in whatever order they come. Source: celery/events/state.py `Task` of 5.7. */
import { isReady, mayReplace } from "../../protocol/index.ts";
import { boundedText, type ClusterEvent, isName } from "./event.ts";
import type { ClusterWorker } from "./worker-state.ts";

/** Events that Celery knows: the state each stands for, and the field that keeps when it happened. */
const STATE_OF_EVENT = {
  sent: "PENDING",
  received: "RECEIVED",
  started: "STARTED",
  succeeded: "SUCCESS",
  failed: "FAILURE",
  retried: "RETRY",
  revoked: "REVOKED",
  rejected: "REJECTED",
} as const;
type KnownEvent = keyof typeof STATE_OF_EVENT;

/** Fields of text, by their names in events. */
const TEXTS = {
  name: "name",
  args: "args",
  kwargs: "kwargs",
  eta: "eta",
  expires: "expires",
  result: "result",
  exception: "exception",
  traceback: "traceback",
  exchange: "exchange",
  routing_key: "routingKey",
  queue: "queue",
  root_id: "rootId",
  parent_id: "parentId",
} as const;
const NUMBERS = { retries: "retries", runtime: "runtime", clock: "clock", timestamp: "timestamp" } as const;
type TextField = (typeof TEXTS)[keyof typeof TEXTS];
type NumberField = (typeof NUMBERS)[keyof typeof NUMBERS];

/** What an event of an earlier state still adds; an event of any other state adds all that it has. */
const KEPT_OF_EARLIER: Readonly<Record<string, ReadonlySet<string>>> = {
  RECEIVED: new Set(["name", "args", "kwargs", "parent_id", "root_id", "retries", "eta", "expires"]),
};

/** Fields that say something about the event, not about the task. */
const ENVELOPE: ReadonlySet<string> = new Set([
  "type",
  "uuid",
  "hostname",
  "pid",
  "utcoffset",
  "local_received",
]);
/** Most fields of somebody's own that are kept of a task. */
const MAX_EXTRA = 32;

export class ClusterTask {
  readonly uuid: string;
  /** Of events under the same id: one that was forgotten and came back is another. */
  readonly serial: number;
  state = "PENDING";
  name: string | null = null;
  /** Reprs, as the worker wrote them. */
  args: string | null = null;
  kwargs: string | null = null;
  /** ISO 8601. */
  eta: string | null = null;
  expires: string | null = null;
  retries: number | null = null;
  /** The repr of the return value. */
  result: string | null = null;
  exception: string | null = null;
  traceback: string | null = null;
  /** Seconds. */
  runtime: number | null = null;
  exchange: string | null = null;
  routingKey: string | null = null;
  queue: string | null = null;
  rootId: string | null = null;
  parentId: string | null = null;
  /** Logical time. */
  clock: number | null = 0;
  /** When it came into its state, in seconds since 1970. */
  timestamp: number | null = null;
  /** When each event happened, in seconds since 1970. */
  readonly times: Partial<Record<KnownEvent, number>> = {};
  /** Node name of who sent it, when that was told. */
  client: string | null = null;
  /** Who has it, once a worker has told. */
  worker: ClusterWorker | null = null;
  /** Fields that only somebody's own events have, by their names; what is no text, number or boolean is a repr. */
  readonly extra: Map<string, string | number | boolean | null> = new Map();

  constructor(uuid: string, serial: number) {
    this.uuid = uuid;
    this.serial = serial;
  }

  /** It will not change its state any more. */
  get isReady(): boolean {
    return isReady(this.state);
  }

  /** Takes in an event; `subject` is its type without `task-`. */
  update(subject: string, event: ClusterEvent): void {
    if (isKnownEvent(subject)) this.times[subject] = event.timestamp;
    const next = isKnownEvent(subject) ? STATE_OF_EVENT[subject] : subject.toUpperCase();
    if (mayReplace(this.state, next)) {
      this.#merge(event, undefined);
      this.state = next;
    } else this.#merge(event, KEPT_OF_EARLIER[next]);
  }

  #merge(event: ClusterEvent, kept: ReadonlySet<string> | undefined): void {
    for (const [name, value] of Object.entries(event)) {
      if (kept !== undefined && !kept.has(name)) continue;
      if (Object.hasOwn(TEXTS, name)) this[TEXTS[name as keyof typeof TEXTS]] = textOrNull(value);
      else if (Object.hasOwn(NUMBERS, name))
        this[NUMBERS[name as keyof typeof NUMBERS]] = numberOrNull(value);
      else if (!ENVELOPE.has(name)) this.#keep(name, value);
    }
  }

  #keep(name: string, value: unknown): void {
    if (!isName(name) || (this.extra.size >= MAX_EXTRA && !this.extra.has(name))) return;
    const isPlain = typeof value === "number" || typeof value === "boolean" || value === null;
    this.extra.set(name, isPlain ? value : boundedText(value));
  }

  /** Plain data. */
  toJSON(): TaskSnapshot {
    const { serial: _, worker, extra, times, ...facts } = this;
    return {
      ...facts,
      worker: worker?.hostname ?? null,
      times: { ...times },
      extra: Object.fromEntries(extra),
    };
  }
}

/** A task's data at one time. */
export type TaskSnapshot = Readonly<
  Pick<ClusterTask, TextField | NumberField | "uuid" | "state" | "client">
> & {
  /** Node name. */
  readonly worker: string | null;
  readonly times: Readonly<ClusterTask["times"]>;
  readonly extra: Readonly<Record<string, string | number | boolean | null>>;
};

function isKnownEvent(subject: string): subject is KnownEvent {
  return Object.hasOwn(STATE_OF_EVENT, subject);
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : boundedText(value);
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
