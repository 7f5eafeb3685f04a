/** Vectors: one thing to try each, as data. conformance/vectors/suite has the files, docs/conformance.md their form. */
import type { AmqpWire, Call, Stored, Wire } from "../ccp/messages.ts";
import type { TaggedObject } from "../values/tagged.ts";
import type { ServerKind, Step, WorkerUse } from "./scenario.ts";

/** What the vectors of a level are about. */
export const LEVELS = {
  L0: "codec: messages and results to values and back, without a broker",
  L1: "producer: the options of a call and where they go in a message",
  L2: "worker: running, acknowledging, retrying, expiring and revoking tasks",
  L3: "result store: what is stored of a task, and reading it",
  L4: "hostile input: never die, never loop, never drop in silence",
  L5: "delivery: crashes, redelivery, late acknowledgement, shutdown",
  L6: "canvas: links, chains, groups, chords, replacing, stamps",
  L7: "control and events: commands to workers, and what workers tell",
  S: "signed messages: good ones run, others are refused",
  G: "gateway: the HTTP interface",
} as const;

export type Level = keyof typeof LEVELS;

/** What an implementation is to be. */
export const ROLES = {
  producer: "makes messages of calls",
  worker: "reads messages and runs tasks",
  results: "reads stored results",
  gateway: "serves the HTTP interface",
} as const;

export type Role = keyof typeof ROLES;

/** How bad it is to fail: an error, a warning, or something to know. */
export type Requirement = "must" | "should" | "info";

/** What an implementation may do, and whether that is right or only tolerated. */
export interface Expectation {
  readonly outcome: "accept" | "reject" | "encode";
  readonly as: "ok" | "nonstrict";
}

interface VectorBase {
  /** Never renamed and never used again. */
  readonly id: string;
  /** The version of the vector set that had it first. */
  readonly since: string;
  readonly level: Level;
  readonly requirement: Requirement;
  readonly role: Role;
  /** What an implementation must have for it: names such as `serializers:json`. */
  readonly features: readonly string[];
  /** Where the truth is. */
  readonly spec: readonly string[];
  /** What it was recorded from. */
  readonly recorded: Readonly<Record<string, string>>;
  /** For which Celery it holds. */
  readonly applies: Readonly<Record<string, string>>;
  /** Names that its file explains. */
  readonly flags?: readonly string[];
  readonly note?: string;
}

/** A vector that is one question. */
interface QuestionVector extends VectorBase {
  /** What it says, in tagged values. */
  readonly view: TaggedObject;
  readonly expect: readonly Expectation[];
}

/** Bytes to read. */
export interface DecodeVector extends QuestionVector {
  readonly command: "decode";
  readonly wire?: Wire;
  readonly stored?: Stored;
}

/** A call to make a message of, beside the message that Celery made of it. */
export interface EncodeVector extends QuestionVector {
  readonly command: "encode";
  readonly call: Call;
  readonly wire: AmqpWire;
  /** Times of the message that are seconds from the call, by header. */
  readonly relative?: Readonly<Record<string, number>>;
}

/** Steps to take with a live implementation, one after another; the first that fails as a MUST ends it. */
export interface ScenarioVector extends VectorBase {
  readonly command: "scenario";
  readonly worker: WorkerUse;
  /** Brokers with which it makes sense. Default: all. */
  readonly brokers?: readonly ServerKind[];
  /**
   * Environment for `configure`; `$suite` in a value stands for the folder of the vectors. Scenarios of the same environment share
   * a worker, where they share one.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** A good message for workers that refuse the usual one; its id is in its headers only. Those that share a worker share it. */
  readonly canary?: AmqpWire;
  /** Ids of tasks by name, as they stand in messages and views; each run has others of the same length. */
  readonly ids?: Readonly<Record<string, string>>;
  /** Seconds from the start of a run, by the text of a time in messages and views; replaced as ids are. */
  readonly times?: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
}

/** A vector that is asked over the pipe, and judged by the answer. */
export type Question = DecodeVector | EncodeVector;

export type Vector = Question | ScenarioVector;

/** What a flag means, after Wycheproof. */
export interface Flag {
  readonly bugType: "INTEROP" | "DATA_LOSS" | "AVAILABILITY" | "AUTH_BYPASS" | "TRACE_LOSS";
  readonly note: string;
}

/** A file of vectors. */
export interface VectorFile {
  /** The version of this form. */
  readonly schema: 1;
  readonly title: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly vectors: readonly Vector[];
}
