/** Composing signatures, and what becomes of them: pure functions from a canvas to the messages that start it. */
export { chain, chord, group, pipe } from "./compose.ts";
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
