/** Tasks that are URLs. */
export { createHttpTasks, type HttpTasks } from "./http-tasks.ts";
