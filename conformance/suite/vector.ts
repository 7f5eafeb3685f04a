/** Vectors: one thing to try each, as data. conformance/vectors/suite has the files, docs/conformance.md their form. */
import type { AmqpWire, Call, Stored, Wire } from "../ccp/messages.ts";
import type { TaggedObject } from "../values/tagged.ts";

/** What the vectors of a level are about. The next levels are planned; docs/conformance.md names them. */
export const LEVELS = {
  L0: "codec: messages and results to values and back, without a broker",
  L1: "producer: the options of a call and where they go in a message",
} as const;

export type Level = keyof typeof LEVELS;

/** What an implementation is to be. */
export const ROLES = {
  producer: "makes messages of calls",
  worker: "reads messages",
  results: "reads stored results",
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
  /** What it says, in tagged values. */
  readonly view: TaggedObject;
  readonly expect: readonly Expectation[];
  /** Names that its file explains. */
  readonly flags?: readonly string[];
  readonly note?: string;
}

/** Bytes to read. */
export interface DecodeVector extends VectorBase {
  readonly command: "decode";
  readonly wire?: Wire;
  readonly stored?: Stored;
}

/** A call to make a message of, beside the message that Celery made of it. */
export interface EncodeVector extends VectorBase {
  readonly command: "encode";
  readonly call: Call;
  readonly wire: AmqpWire;
  /** Times of the message that are seconds from the call, by header. */
  readonly relative?: Readonly<Record<string, number>>;
}

export type Vector = DecodeVector | EncodeVector;

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
