/** What the steps of one run of a scenario share. */
import { randomUUID } from "node:crypto";
import { CelerityError } from "../../protocol/index.ts";
import type { AmqpWire } from "../ccp/messages.ts";
import type { Rig } from "../rig/rig.ts";
import type { Step } from "../suite/scenario.ts";
import type { Difference } from "../values/compare.ts";
import type { Tagged, TaggedObject } from "../values/tagged.ts";
import type { Oracle } from "./oracle.ts";
import type { Peer } from "./peer.ts";

/** The worker of a scenario that has its own. */
export interface WorkerLife {
  start(): Promise<void>;
  /** Ends it and all its children with SIGKILL. */
  kill(): Promise<void>;
  /** Resolves when it has finished what it ran and has ended. */
  drain(): Promise<void>;
}

export interface Stage {
  readonly rig: Rig;
  readonly queue: string;
  /** Ids of tasks by name. */
  readonly ids: Map<string, string>;
  /** Ids that the adapter gave, by those that it was asked for. */
  readonly given: Map<string, string>;
  /** What `http` steps saved. */
  readonly saved: Map<string, string>;
  /** A good message for workers that refuse the usual one. */
  readonly canary?: AmqpWire | undefined;
  /** How long a step may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The adapter that publishes, reads results or serves the gateway. */
  readonly peer: Peer | undefined;
  readonly worker: WorkerLife | undefined;
  /** A real Celery that takes part. */
  readonly oracle?: Oracle | undefined;
  /** Where the gateway is. */
  readonly gatewayUrl: string | undefined;
  /** Notes what happened, for whoever reads a failure. */
  note(line: string): void;
  /** Notes what was seen of a task, for whoever records. */
  see(task: string, view: TaggedObject): void;
}

/** Does one step; resolves to what is wrong. */
export type Perform<Kind extends Step["do"]> = (
  step: Extract<Step, { readonly do: Kind }>,
  stage: Stage,
) => Promise<readonly Difference[]>;

/** What a scenario is played with. */
export type Part = Pick<Stage, "queue" | "peer" | "worker" | "gatewayUrl" | "oracle">;

/** A name that no run before used. */
export function newQueue(): string {
  return `conformance-${randomUUID().slice(0, 8)}`;
}

/** The id of a task by its name in the scenario; one that is not known yet gets one. */
export function idOf(stage: Stage, name: string): string {
  const known = stage.ids.get(name);
  if (known !== undefined) return known;
  const id = randomUUID();
  stage.ids.set(name, id);
  return id;
}

/** In place of texts that are no more than `$t1`: the id of t1; of `$queue`: the queue, and of `$queue.more` one that begins with it. */
export function withNames<Value>(value: Value, stage: Stage): Value {
  const text = JSON.stringify(value).replace(/"\$([a-z][a-z0-9.]*)"/g, (whole, name: string) => {
    const [first, ...more] = name.split(".");
    if (first === "queue") return JSON.stringify([stage.queue, ...more].join("."));
    const id = stage.ids.get(name);
    return id === undefined ? whole : JSON.stringify(id);
  });
  return JSON.parse(text) as Value;
}

/** A difference that is a sentence. */
export function wrong(reason: string, expected?: Tagged, actual?: Tagged): readonly Difference[] {
  return [{ weight: "must", path: "$", expected, actual, reason }];
}

/** Throws CelerityError `unsupported`, for a scenario that asks for what its run does not have. */
export function required<Part>(part: Part | undefined, what: string): Part {
  if (part !== undefined) return part;
  throw new CelerityError("unsupported", `The scenario has a step that needs ${what}.`);
}
