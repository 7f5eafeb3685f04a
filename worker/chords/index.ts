/** Chords in the worker: joining, polling, and looking after those that got stuck. */
export * from "./app-joiner.ts";
export * from "./body-results.ts";
export * from "./joiner.ts";
export * from "./member-end.ts";
export * from "./sweep.ts";
export * from "./unlock.ts";
