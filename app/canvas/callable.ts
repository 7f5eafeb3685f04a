/** Gives signatures the methods of {@link CallableSignature}, where JSON and the wire do not see them. */
import {
  type CanvasCall,
  cloneSignature,
  pipe,
  type StampingVisitor,
  type Stamps,
  stampCanvas,
  withErrback,
  withImmutable,
  withLink,
  withOptions,
} from "../../canvas/index.ts";
import { ConfigurationError, type PlainObject, type Signature } from "../../protocol/index.ts";
import { toSignatureOptions } from "../apply-signature.ts";
import type { AnyResult } from "../results/index.ts";
import type { Settings } from "../settings.ts";
import type { Args } from "./arguments.ts";
import type {
  CallableSignature,
  CanvasSendOptions,
  SignatureOptions,
  StampingOptions,
} from "./callable-signature.ts";
import type { Ending } from "./signature-types.ts";

/** The app, as canvases use it. */
export interface CanvasCaller {
  readonly settings: Settings;
  apply(canvas: Signature, call?: CanvasCall): Promise<AnyResult>;
}

/** The app of a signature. */
const CALLER: unique symbol = Symbol("celerity.caller");

interface Bound extends Signature {
  readonly [CALLER]: CanvasCaller | undefined;
}

/** The methods; the types that callers see are those of CallableSignature. */
const METHODS = {
  pipe(this: Bound, next: Signature): Signature {
    return callable(pipe(this, next), this[CALLER] ?? callerOf([next]));
  },
  set(this: Bound, { immutable, ...options }: SignatureOptions): Signature {
    const own = withOptions(this, toSignatureOptions(options));
    return callable(immutable === undefined ? own : withImmutable(own, immutable), this[CALLER]);
  },
  clone(this: Bound, args?: Args, kwargs?: PlainObject, options?: SignatureOptions): Signature {
    return callable(
      cloneSignature(this, toCall({ ...options, args: args ?? [], kwargs: kwargs ?? {} })),
      this[CALLER],
    );
  },
  link(this: Bound, callback: Signature): Signature {
    return callable(withLink(this, callback), this[CALLER]);
  },
  linkError,
  onError: linkError,
  stamp(
    this: Bound,
    stamps: Stamps | StampingVisitor,
    { headers, appendStamps: append }: StampingOptions = {},
  ): Signature {
    const how = isVisitor(stamps) ? { visitor: stamps, headers } : { headers: { ...headers, ...stamps } };
    return callable(stampCanvas(this, { ...how, append }), this[CALLER]);
  },
  async delay(this: Bound, ...args: Args): Promise<AnyResult> {
    return requireCaller(this).apply(this, { args });
  },
  async applyAsync(this: Bound, options: CanvasSendOptions = {}): Promise<AnyResult> {
    return requireCaller(this).apply(this, toCall(options));
  },
};

/** Not enumerable: no part of a signature's data. */
const HIDDEN: PropertyDescriptorMap = Object.fromEntries(
  Object.entries(METHODS).map(([name, value]) => [name, { value }]),
);

/** A copy that can be sent by that app, and what is composed of it too. */
export function callable<In extends Args, Out, End extends Ending>(
  { task, args, kwargs, options, subtask_type, immutable }: Signature,
  caller: CanvasCaller | undefined,
): CallableSignature<In, Out, End> {
  const data: Signature = { task, args, kwargs, options, subtask_type, immutable };
  // The types of a signature are what its maker says.
  return Object.defineProperties(data, { ...HIDDEN, [CALLER]: { value: caller } }) as CallableSignature<
    In,
    Out,
    End
  >;
}

/** The app of the first signature that has one. */
export function callerOf(signatures: readonly Signature[]): CanvasCaller | undefined {
  return signatures.map((one) => (one as Partial<Bound>)[CALLER]).find((caller) => caller !== undefined);
}

function linkError(this: Bound, errback: Signature): Signature {
  const caller = this[CALLER];
  const onHeaders = caller?.settings.taskAllowErrorCbOnChordHeader ?? false;
  return callable(withErrback(this, errback, onHeaders), caller);
}

function requireCaller(signature: Bound): CanvasCaller {
  const caller = signature[CALLER];
  if (caller !== undefined) return caller;
  throw new ConfigurationError(
    "No signature in this canvas was made by an app: send it with app.apply(), or make its tasks with app.task() or app.taskRef().",
  );
}

function toCall({ args = [], kwargs = {}, ...options }: CanvasSendOptions): CanvasCall {
  return { args, kwargs, options: toSignatureOptions(options) };
}

function isVisitor(stamps: Stamps | StampingVisitor): stamps is StampingVisitor {
  return typeof stamps["onSignature"] === "function";
}
