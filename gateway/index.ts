/** The HTTP gateway. */
export type { Readiness } from "./context.ts";
export * from "./gateway.ts";
export * from "./options.ts";
export { PROBLEMS, type ProblemName, type ProblemType } from "./problems.ts";
export { schedulePlace } from "./schedules/schedule-book.ts";
export type { GatewayAddress, Handler, ListenOptions } from "./server.ts";
export { createSqlTaskIndex, type SqlTaskIndexOptions } from "./sql-task-index.ts";
export * from "./task-index.ts";
export type { TaskErrorView, TaskLinks, TaskView } from "./task-view.ts";
