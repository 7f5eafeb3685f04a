/** Results of tasks and groups, as their callers see them. */
export * from "./async-result.ts";
export type { Collected, CollectOptions, Dependency } from "./dependencies.ts";
export * from "./from-node.ts";
export * from "./graph.ts";
export * from "./graph-text.ts";
export * from "./group-result.ts";
export * from "./result-details.ts";
export * from "./result-host.ts";
export * from "./task-error.ts";
