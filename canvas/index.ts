/** Composing signatures, and what becomes of them: pure functions from a canvas to the messages that start it. */
export { chain, chord, group, pipe } from "./compose.ts";
export {
  chunksSignature,
  cloneSignature,
  mapSignature,
  withErrback,
  withImmutable,
  withLink,
  withOptions,
} from "./derive.ts";
export type { PlanContext } from "./frozen.ts";
export {
  type CanvasCall,
  type CanvasPlan,
  checkCanvas,
  type PlannedChord,
  type PlannedSend,
  type PlanStep,
  planCanvas,
} from "./plan.ts";
export { planReplacement, type ReplacedTask } from "./replace.ts";
export { type StampingVisitor, type StampOptions, type Stamps, stampCanvas } from "./stamp.ts";
