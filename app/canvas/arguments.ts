/** Argument lists as types: which arguments a call may get first, and which are then still missing. */

export type Args = readonly unknown[];

/** The lists a function may be called with, by length: for `[a: A, b?: B]` they are `[A]` and `[A, B]`. */
type Lists<All extends Args> = All extends unknown ? Extract<Fronts<All>, All> : never;

/** All that an argument list may begin with, itself among them. */
type Fronts<All extends Args, Done extends Args = []> = All extends readonly []
  ? Done
  : All extends readonly [infer First, ...infer Rest]
    ? Done | Fronts<Rest, [...Done, First]>
    : number extends All["length"]
      ? Done | [...Done, ...All]
      : All extends readonly [(infer First)?, ...infer Rest]
        ? Done | Fronts<Rest, [...Done, First]>
        : never;

/** All that an argument list may end with, itself among them. */
type Ends<All extends Args> = All extends readonly [unknown, ...infer Rest] ? All | Ends<Rest> : All;

/** What `.s()` of a function with these parameters takes: the result of the step before comes in front. */
export type PartialArgs<All extends Args> = Ends<Lists<All>>;

/** What can come in front of the arguments given, as a union of lists: for `[A, B]` and `[B]` it is `[A]`. */
export type MissingArgs<All extends Args, Given extends Args> =
  Fronts<All> extends infer Front
    ? Front extends Args
      ? [...Front, ...Given] extends All
        ? Front
        : never
      : never
    : never;
