/** Composing, with types: each step must take the result of the one before. The app of the parts is that of the whole. */
import * as plain from "../../canvas/index.ts";
import type { Signature } from "../../protocol/index.ts";
import type { Args } from "./arguments.ts";
import { callable, callerOf } from "./callable.ts";
import type { Alone, CallableSignature, Piped } from "./callable-signature.ts";
import type { CommonArgs, Ending, Outputs, TypedSignature } from "./signature-types.ts";

/** A step that takes the result of the one before. A signature without types results in whatever the next one takes. */
type After<Before, Out, End extends Ending = Ending> = TypedSignature<[NoInfer<Before>], Out, End>;

/** What a step of a chain results in. */
type Step<Out, End extends Ending> = [Alone<Out, End>] extends [never]
  ? Out
  : Out extends readonly [infer Only]
    ? Only
    : never;

/** One after the other, each with the result of the one before: `a | b | c` of Celery. */
export function chain<In extends Args, A = never, AE extends Ending = Ending>(
  a: TypedSignature<In, A, AE>,
): Piped<In, A, AE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
>(a: TypedSignature<In, A, AE>, b: After<Step<A, AE>, B, BE>): Piped<In, B, BE, AE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
>(a: TypedSignature<In, A, AE>, b: After<Step<A, AE>, B, BE>, c: After<Step<B, BE>, C, CE>): Piped<In, C, CE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
  D = never,
  DE extends Ending = Ending,
>(
  a: TypedSignature<In, A, AE>,
  b: After<Step<A, AE>, B, BE>,
  c: After<Step<B, BE>, C, CE>,
  d: After<Step<C, CE>, D, DE>,
): Piped<In, D, DE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
  D = never,
  DE extends Ending = Ending,
  E = never,
  EE extends Ending = Ending,
>(
  a: TypedSignature<In, A, AE>,
  b: After<Step<A, AE>, B, BE>,
  c: After<Step<B, BE>, C, CE>,
  d: After<Step<C, CE>, D, DE>,
  e: After<Step<D, DE>, E, EE>,
): Piped<In, E, EE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
  D = never,
  DE extends Ending = Ending,
  E = never,
  EE extends Ending = Ending,
  F = never,
  FE extends Ending = Ending,
>(
  a: TypedSignature<In, A, AE>,
  b: After<Step<A, AE>, B, BE>,
  c: After<Step<B, BE>, C, CE>,
  d: After<Step<C, CE>, D, DE>,
  e: After<Step<D, DE>, E, EE>,
  f: After<Step<E, EE>, F, FE>,
): Piped<In, F, FE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
  D = never,
  DE extends Ending = Ending,
  E = never,
  EE extends Ending = Ending,
  F = never,
  FE extends Ending = Ending,
  G = never,
  GE extends Ending = Ending,
>(
  a: TypedSignature<In, A, AE>,
  b: After<Step<A, AE>, B, BE>,
  c: After<Step<B, BE>, C, CE>,
  d: After<Step<C, CE>, D, DE>,
  e: After<Step<D, DE>, E, EE>,
  f: After<Step<E, EE>, F, FE>,
  g: After<Step<F, FE>, G, GE>,
): Piped<In, G, GE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
  D = never,
  DE extends Ending = Ending,
  E = never,
  EE extends Ending = Ending,
  F = never,
  FE extends Ending = Ending,
  G = never,
  GE extends Ending = Ending,
  H = never,
  HE extends Ending = Ending,
>(
  a: TypedSignature<In, A, AE>,
  b: After<Step<A, AE>, B, BE>,
  c: After<Step<B, BE>, C, CE>,
  d: After<Step<C, CE>, D, DE>,
  e: After<Step<D, DE>, E, EE>,
  f: After<Step<E, EE>, F, FE>,
  g: After<Step<F, FE>, G, GE>,
  h: After<Step<G, GE>, H, HE>,
): Piped<In, H, HE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
  D = never,
  DE extends Ending = Ending,
  E = never,
  EE extends Ending = Ending,
  F = never,
  FE extends Ending = Ending,
  G = never,
  GE extends Ending = Ending,
  H = never,
  HE extends Ending = Ending,
  I = never,
  IE extends Ending = Ending,
>(
  a: TypedSignature<In, A, AE>,
  b: After<Step<A, AE>, B, BE>,
  c: After<Step<B, BE>, C, CE>,
  d: After<Step<C, CE>, D, DE>,
  e: After<Step<D, DE>, E, EE>,
  f: After<Step<E, EE>, F, FE>,
  g: After<Step<F, FE>, G, GE>,
  h: After<Step<G, GE>, H, HE>,
  i: After<Step<H, HE>, I, IE>,
): Piped<In, I, IE>;
export function chain<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
  C = never,
  CE extends Ending = Ending,
  D = never,
  DE extends Ending = Ending,
  E = never,
  EE extends Ending = Ending,
  F = never,
  FE extends Ending = Ending,
  G = never,
  GE extends Ending = Ending,
  H = never,
  HE extends Ending = Ending,
  I = never,
  IE extends Ending = Ending,
  J = never,
  JE extends Ending = Ending,
>(
  a: TypedSignature<In, A, AE>,
  b: After<Step<A, AE>, B, BE>,
  c: After<Step<B, BE>, C, CE>,
  d: After<Step<C, CE>, D, DE>,
  e: After<Step<D, DE>, E, EE>,
  f: After<Step<E, EE>, F, FE>,
  g: After<Step<F, FE>, G, GE>,
  h: After<Step<G, GE>, H, HE>,
  i: After<Step<H, HE>, I, IE>,
  j: After<Step<I, IE>, J, JE>,
): Piped<In, J, JE>;
/** Of any number of steps, whose types are not checked. */
export function chain(steps: readonly Signature[]): CallableSignature<Args, unknown, Ending>;
export function chain(
  ...steps: readonly Signature[] | readonly [readonly Signature[]]
): CallableSignature<Args, unknown, Ending> {
  const list = steps.flat();
  return callable(plain.chain(...list), callerOf(list));
}

/** All at once; the result is theirs, in this order. */
export function group<const Members extends readonly Signature[]>(
  members: Members,
): CallableSignature<CommonArgs<Members>, Outputs<Members>, "group"> {
  return callable(plain.group(members), callerOf(members));
}

/** All at once, and then the body with the list of their results. */
export function chord<const Header extends readonly Signature[], Out = never, End extends Ending = Ending>(
  header: Header,
  body: After<Outputs<Header>, Out, End>,
): Piped<CommonArgs<Header>, Out, End, "group"> {
  return callable(plain.chord(header, body), callerOf([...header, body])) as Piped<
    CommonArgs<Header>,
    Out,
    End,
    "group"
  >;
}

/** `left | right` of Celery. */
export function pipe<
  In extends Args,
  A = never,
  AE extends Ending = Ending,
  B = never,
  BE extends Ending = Ending,
>(left: TypedSignature<In, A, AE>, right: After<A, B, BE>): Piped<In, B, BE, AE> {
  return callable(plain.pipe(left, right), callerOf([left, right])) as Piped<In, B, BE, AE>;
}
