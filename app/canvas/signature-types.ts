/**
 * Signatures with types. Types are all they have beside Celery's fields: a signature without them, such as one read from
 * JSON, is taken everywhere and fits everything.
 */
import type { Signature } from "../../protocol/index.ts";
import type { AsyncResult, GroupResult } from "../results/index.ts";
import type { Args } from "./arguments.ts";

/** What a canvas ends in: one task, a group of tasks, or a chain whose last step is such a group. */
export type Ending = "task" | "group" | "fork";

/** Exists for the compiler only. */
interface SignatureTypes<in In extends Args, out Out, out End extends Ending> {
  readonly missing: (args: In) => void;
  readonly result: Out;
  readonly end: End;
}

/**
 * A signature that can be called with `In`, its missing arguments, which is a union when some have defaults, and results in
 * `Out`: of a group, the list of its members' results.
 */
export interface TypedSignature<
  in In extends Args = never,
  out Out = unknown,
  out End extends Ending = Ending,
> extends Signature {
  readonly "~types"?: SignatureTypes<In, Out, End>;
}

/** What sending it gives. */
export type ResultOf<Out, End extends Ending> = End extends "task"
  ? AsyncResult<Out>
  : Out extends readonly (infer Member)[]
    ? GroupResult<Member, Out>
    : GroupResult<unknown, readonly unknown[]>;

/** The result of a signature; unknown for one without types. */
export type Output<S> =
  S extends TypedSignature<never, infer Out, Ending> ? ([Out] extends [never] ? unknown : Out) : unknown;

/** The results of a group's members: groups in groups are dissolved. */
export type Outputs<Members extends Args, Done extends Args = []> = number extends Members["length"]
  ? Output<Members[number]>[]
  : Members extends readonly [infer First, ...infer Rest]
    ? Outputs<Rest, [...Done, ...MemberOutput<First>]>
    : Done;

type MemberOutput<Member> =
  Member extends TypedSignature<never, infer Out extends Args, infer End>
    ? [End] extends ["group"]
      ? Out
      : [Output<Member>]
    : [Output<Member>];

/** Arguments that every member takes. */
export type CommonArgs<Members extends Args> =
  Members[number] extends TypedSignature<infer In, unknown, Ending> ? In : never;
