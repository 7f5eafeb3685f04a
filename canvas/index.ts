/** Composing signatures, and what becomes of them: pure functions from a canvas to the messages that start it. */
export * from "./compose.ts";
export type { PlanContext } from "./freeze.ts";
export * from "./plan.ts";
