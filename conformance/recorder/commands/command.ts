/** What a command is. */
import type { Database } from "../data/database.ts";
import type { Recording } from "../recording.ts";
import type { Reply } from "../resp/replies.ts";
import type { Session } from "../session.ts";
import type { Blocked } from "../waiters.ts";
import type { Arguments } from "./arguments.ts";

/** Where and for whom a command runs. */
export interface Call {
  readonly server: Recording;
  readonly session: Session;
  readonly database: Database;
  /** A script or a transaction runs it: it may not wait, and is one step with the rest. */
  readonly isNested: boolean;
}

/** Which arguments are keys: the first and last place (below 0 from the end) behind the name, and the step between. */
export type KeyPlaces = readonly [first: number, last: number, step: number];

export type Flag =
  /** Refused while memory is short. */
  | "grows"
  /** Changes keys. */
  | "write"
  /** Reads keys, which a tracking client is then told about. */
  | "read"
  /** Allowed while subscribed with RESP2. */
  | "subscribed"
  /** Not allowed in scripts. */
  | "noscript"
  /** Runs at once in a transaction. */
  | "immediate"
  /** Needs Lua, which is loaded first. */
  | "lua";

export interface Command {
  /** Number of arguments with the name; below 0: at least so many. */
  readonly arity: number;
  readonly flags: readonly Flag[];
  /** Undefined for commands without keys, or with places of their own. */
  readonly keys?: KeyPlaces;
  readonly run: (call: Call, args: Arguments) => Reply | Blocked;
}

/** Commands by name in lower case; `client|id` is a subcommand. */
export type CommandTable = Readonly<Record<string, Command>>;

type Run = Command["run"];

const ONE: KeyPlaces = [0, 0, 1];
/** Every argument is a key. */
export const ALL: KeyPlaces = [0, -1, 1];

/** Reads the key that comes first, or those at `keys`. */
export function read(arity: number, run: Run, keys: KeyPlaces = ONE): Command {
  return { arity, flags: ["read"], keys, run };
}

/** Makes the key that comes first, or those at `keys`, larger or other. */
export function grow(arity: number, run: Run, keys: KeyPlaces = ONE): Command {
  return { arity, flags: ["write", "grows"], keys, run };
}

/** Makes the key that comes first, or those at `keys`, smaller or moves them. */
export function shrink(arity: number, run: Run, keys: KeyPlaces = ONE): Command {
  return { arity, flags: ["write"], keys, run };
}

/** A command without keys. */
export function plain(arity: number, run: Run, ...flags: readonly Flag[]): Command {
  return { arity, flags, run };
}

/** The keys among the arguments of a command. */
export function keysOf({ keys }: Command, args: Arguments): readonly string[] {
  if (keys === undefined) return [];
  const [first, last, step] = keys;
  const end = last < 0 ? args.length + last : last;
  const found: string[] = [];
  for (let at = first; at <= end && at < args.length; at += step) found.push(args.key(at));
  return found;
}
