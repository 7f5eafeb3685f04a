/** Canvases for callers: typed, and sent by the app that made their parts. */
export type { StampingVisitor, Stamps } from "../../canvas/index.ts";
export type { Args, MissingArgs, PartialArgs } from "./arguments.ts";
export { type CanvasCaller, callable } from "./callable.ts";
export type {
  CallableSignature,
  CanvasSendOptions,
  Piped,
  SignatureOptions,
  StampingOptions,
} from "./callable-signature.ts";
export { chain, chord, group, pipe } from "./compose.ts";
export type {
  CommonArgs,
  Ending,
  Output,
  Outputs,
  ResultOf,
  TypedSignature,
} from "./signature-types.ts";
