/** Signatures and canvases with Celery's methods (celery/canvas.py `Signature`), which make new ones and change nothing. */
import type { StampingVisitor, Stamps } from "../../canvas/index.ts";
import type { PlainObject, Signature } from "../../protocol/index.ts";
import type { SendOptions } from "../producer.ts";
import type { Args, MissingArgs, PartialArgs } from "./arguments.ts";
import type { Ending, ResultOf, TypedSignature } from "./signature-types.ts";

/** Options of a call that travel with a signature. */
type CallOptions = Omit<SendOptions, "args" | "kwargs" | "origin" | "routeName">;

export interface SignatureOptions extends CallOptions {
  /** True: it takes no results of what runs before it. Of a group its members, of a chord those of its header. */
  readonly immutable?: boolean;
}

/** What a canvas is sent with. */
export interface CanvasSendOptions<In extends Args = Args> extends CallOptions {
  /** Put in front of its own. */
  readonly args?: In;
  readonly kwargs?: PlainObject;
}

export interface StampingOptions {
  /** Beside a visitor: stamps for all. */
  readonly headers?: Stamps;
  /** A name stamped twice keeps all values, as a list. Default false: of two, the one that comes from outside stays. */
  readonly appendStamps?: boolean;
}

/**
 * A signature that an app made. Its methods are no part of it as data: JSON, structuredClone() and the wire have Celery's
 * six fields. What is composed of it can be sent by the same app.
 */
export interface CallableSignature<in In extends Args, out Out, out End extends Ending = "task">
  extends TypedSignature<In, Out, End> {
  /** This, and then `next` with its result: `this | next` of Celery. */
  pipe<Next, NextEnd extends Ending>(
    next: TypedSignature<[Out], Next, NextEnd>,
  ): Piped<In, Next, NextEnd, End>;
  /** With options over its own. */
  set(options: SignatureOptions & { readonly immutable: true }): CallableSignature<Args, Out, End>;
  set(options: SignatureOptions): CallableSignature<In, Out, End>;
  /** With arguments in front of its own, more keywords and more options. What keywords leave missing has no type. */
  clone<Given extends PartialArgs<In>>(args?: Given): CallableSignature<MissingArgs<In, Given>, Out, End>;
  clone(
    args: Args | undefined,
    kwargs: PlainObject,
    options?: Omit<SignatureOptions, "immutable">,
  ): CallableSignature<Args, Out, End>;
  /** With a signature that is called with its result. */
  link(callback: TypedSignature<[Out]>): CallableSignature<In, Out, End>;
  /** With a signature that is called when it fails. */
  linkError(errback: Signature): CallableSignature<In, Out, End>;
  /** The same as {@link linkError}. */
  onError(errback: Signature): CallableSignature<In, Out, End>;
  /** With these stamps, or those that a visitor chooses, on all its tasks and links. The body of a chord takes a visitor. */
  stamp(stamps: Stamps | StampingVisitor, options?: StampingOptions): CallableSignature<In, Out, End>;
  /** Sends it, with these arguments in front of its own. */
  delay(...args: In): Promise<ResultOf<Out, End>>;
  /** Sends it with options. */
  applyAsync(options?: CanvasSendOptions<In>): Promise<ResultOf<Out, End>>;
}

/** The results of a group that has one member; never for others. Where it follows a step, such a group is its member. */
export type Alone<Out, End extends Ending> = [End] extends ["group"]
  ? [Out] extends [readonly [unknown]]
    ? Out
    : never
  : never;

/** A canvas that ends with a signature of these types, behind one that ends in `Before`: behind a group it is a chord's body. */
export type Piped<In extends Args, Out, End extends Ending, Before extends Ending = "task"> = [
  Before,
] extends ["group"]
  ? Ended<In, Out, End>
  : [Alone<Out, End>] extends [never]
    ? Ended<In, Out, End>
    : CallableSignature<In, Out extends readonly [infer Only] ? Only : never>;

type Ended<In extends Args, Out, End extends Ending> = CallableSignature<
  In,
  [Out] extends [never] ? unknown : Out,
  End extends "group" ? "fork" : End
>;
