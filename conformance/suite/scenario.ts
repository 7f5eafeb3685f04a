/** Steps of a scenario: what the runner does with a live implementation, and what it looks for. */
import type { AmqpWire, Call, Stored, Wire } from "../ccp/messages.ts";
import type { Tagged, TaggedObject } from "../values/tagged.ts";
import type { Requirement } from "./vector.ts";

/** The kinds of brokers, and of result stores. */
export const SERVER_KINDS = ["redis", "amqp", "sqlite"] as const;

export type ServerKind = (typeof SERVER_KINDS)[number];

/** Which worker a scenario is played with. */
export const WORKER_USES = {
  shared: "the one that all such scenarios of the same environment have at once",
  alone: "one that has a scenario at a time, and is replaced when it failed one",
  own: "one that is started for this scenario and ended after it",
  none: "no worker: the adapter publishes, reads results or serves the gateway",
} as const;

export type WorkerUse = keyof typeof WORKER_USES;

/** What every step may say. */
interface StepBase {
  /** How bad it is when it fails. Default: must. */
  readonly weight?: Requirement;
  /** What is wrong when it fails, in a sentence. */
  readonly reason?: string;
}

/** What Celery was asked to send: a call, or a canvas as its JSON has it. */
export interface Asked {
  readonly call?: Call;
  readonly canvas?: TaggedObject;
}

/** Puts messages that Celery made, in the order in which it made them; `as` names the task that the caller knows. */
export interface PutStep extends StepBase, Asked {
  readonly do: "put";
  readonly as: string;
  readonly wires: readonly Wire[];
  /** Whether the messages are not as Celery sent them. */
  readonly changed?: true;
  /** Sizes of chords' headers by their ids, which their producer notes in the store. */
  readonly chords?: Readonly<Record<string, number>>;
}

/** Has the adapter publish. Its id becomes that of `as`. */
export interface PublishStep extends StepBase, Asked {
  readonly do: "publish";
  readonly as: string;
}

/** Takes the next message off the queue and compares it with the one that Celery made of the same call. */
export interface TakeStep extends StepBase {
  readonly do: "take";
  readonly wire: AmqpWire;
  readonly view: TaggedObject;
  /** Times of the message that are seconds from the call, by header. */
  readonly relative?: Readonly<Record<string, number>>;
  /** Default: `$queue`, which others may begin with. */
  readonly queue?: string;
}

/** Waits until a result is stored whose fields equal those of the view. Without a state, any final one ends the wait. */
export interface AwaitStep extends StepBase {
  readonly do: "await";
  readonly task: string;
  readonly view: TaggedObject;
  /** Longest wait, in milliseconds. */
  readonly withinMs?: number;
}

/** No final result is stored; a `canary` before it makes sure that the message has been seen. */
export interface AbsentStep extends StepBase {
  readonly do: "absent";
  readonly task: string;
  /** None of this state; others may be. */
  readonly state?: string;
}

/** A document of the task whose fields equal those of the view was stored and told on its channel. Stores in Redis only. */
export interface ToldStep extends StepBase {
  readonly do: "told";
  readonly task: string;
  readonly view: TaggedObject;
}

/** The task's document goes by itself after at most so many seconds. Stores in Redis only. */
export interface ExpiresStep extends StepBase {
  readonly do: "expires";
  readonly task: string;
  readonly seconds: number;
}

/** A good message goes through: the worker lives and goes on. */
export interface CanaryStep extends StepBase {
  readonly do: "canary";
}

/** Broadcasts a command to the workers. With a view, one answers, and its answer has the members of the view. */
export interface ControlStep extends StepBase {
  readonly do: "control";
  readonly method: string;
  readonly arguments?: TaggedObject;
  readonly view?: TaggedObject;
}

/** An event was sent since the scenario began, or comes. */
export interface EventStep extends StepBase {
  readonly do: "event";
  readonly type: string;
  /** Of this task. */
  readonly task?: string;
  /** Members that it has. */
  readonly view?: TaggedObject;
  /** So many of them were sent until then, whatever their members are; a `canary` before it gives others time to come. */
  readonly times?: number;
}

/** No such event was sent; a `canary` or an `event` before it makes sure that it would have come. */
export interface NoEventStep extends StepBase {
  readonly do: "no-event";
  readonly type: string;
  readonly task?: string;
}

/** So many messages wait in the queue, at once or soon. */
export interface QueueStep extends StepBase {
  readonly do: "queue";
  readonly ready: number;
}

/** The task's message lies in `<queue>.dead`. */
export interface DeadStep extends StepBase {
  readonly do: "dead";
  readonly task: string;
}

/** Ends the worker with SIGKILL; asks it to finish and end; starts it again. Own workers only. */
export interface LifeStep extends StepBase {
  readonly do: "kill" | "drain" | "start";
}

/** Stores a result as Celery did. */
export interface StoreStep extends StepBase {
  readonly do: "store";
  readonly as: string;
  readonly stored: Stored;
}

/** Has the adapter read a result. */
export interface ResultStep extends StepBase {
  readonly do: "result";
  readonly task: string;
  readonly view: TaggedObject;
  /** Longest wait, in milliseconds. */
  readonly withinMs?: number;
}

/** Asks the gateway. `$name` in path, headers and bodies stands for what a step before saved, or for an id. */
export interface HttpStep extends StepBase {
  readonly do: "http";
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value; text is sent as it is. */
  readonly body?: unknown;
  /** How many letters `$fill` stands for in the body. */
  readonly fill?: number;
  readonly status: number;
  /** Headers of the answer: the text, or null for any text. Parameters of a content type do not count. */
  readonly answerHeaders?: Readonly<Record<string, string | null>>;
  /** What the body has, as tagged JSON. */
  readonly answer?: Tagged;
  /**
   * Members of the answer to remember: a JSON Pointer by name; `header:location` for a header. By the name of a task it is the
   * task's id.
   */
  readonly save?: Readonly<Record<string, string>>;
}

/** Does nothing for a while, in milliseconds; 5000 at most. */
export interface PauseStep extends StepBase {
  readonly do: "pause";
  readonly ms: number;
}

export type Step =
  | PutStep
  | PublishStep
  | TakeStep
  | AwaitStep
  | AbsentStep
  | ToldStep
  | ExpiresStep
  | CanaryStep
  | ControlStep
  | EventStep
  | NoEventStep
  | QueueStep
  | DeadStep
  | LifeStep
  | StoreStep
  | ResultStep
  | HttpStep
  | PauseStep;
