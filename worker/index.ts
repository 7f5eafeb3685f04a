/** The worker and the seams of its pools. */
export * from "./bootstep.ts";
export type { Job } from "./job.ts";
export { nodeName } from "./node-name.ts";
export * from "./outcome.ts";
export * from "./pool.ts";
export * from "./worker.ts";
export * from "./worker-options.ts";
