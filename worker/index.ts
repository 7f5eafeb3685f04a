/** The worker and the seams of its pools. */
import { setEagerRunner } from "../app/index.ts";
import { runEagerly } from "./eager.ts";

export * from "./bootstep.ts";
export { revokeHere } from "./control/revoke-commands.ts";
export type { TaskEvent } from "./events.ts";
export type { Job } from "./job.ts";
export { nodeName } from "./node-name.ts";
export * from "./outcome.ts";
export * from "./pool.ts";
export * from "./worker.ts";
export * from "./worker-options.ts";

setEagerRunner(runEagerly);
